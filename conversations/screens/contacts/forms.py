"""The forms of customers and companies."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from conversations.models import Company, Contact
from conversations.screens.contacts import labels


class _Refusing(forms.Form):
    """A form that shows what a verb refused beside its field."""

    def refuse(self, error: DomainError) -> None:
        """Show it."""
        self.add_error(error.field if error.field in self.fields else None, labels.of_error(error))


class CustomerForm(_Refusing):
    """A customer's details. A company that is not known yet is created."""

    name = forms.CharField(max_length=400, required=False, label=_("Name"))
    email = forms.CharField(max_length=254, required=False, label=_("Email"))
    company = forms.CharField(max_length=400, required=False, label=_("Company"))

    @classmethod
    def of(cls, contact: Contact | None, data: QueryDict | None = None) -> CustomerForm:
        """The form of a customer, with what was typed."""
        names = ("name", "email", "company")
        return cls(data, initial={name: getattr(contact, name) for name in names} if contact else {})


class CompanyForm(_Refusing):
    """A company's details."""

    name = forms.CharField(max_length=400, label=_("Name"))
    domains = forms.CharField(max_length=20_000, required=False, label=_("Domains"))
    notes = forms.CharField(max_length=20_000, required=False, label=_("Notes"), strip=False)

    @classmethod
    def of(cls, company: Company | None, data: QueryDict | None = None) -> CompanyForm:
        """The form of a company, with what was typed."""
        initial = {}
        if company is not None:
            initial = {"name": company.name, "domains": ", ".join(company.domains), "notes": company.notes}
        return cls(data, initial=initial)

    @property
    def listed(self) -> list[str]:
        """The domains, one by one."""
        return str(self.cleaned_data["domains"]).replace(",", " ").replace(";", " ").split()
