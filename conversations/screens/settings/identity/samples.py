"""Code for a website's server, which signs who its customer is. The secret comes from the environment, never from the code."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Workspace

_PYTHON = """\
import os, time
import jwt  # pip install pyjwt

def customer_token(user):
    now = int(time.time())
    claims = {
        "aud": "%(aud)s",
        "contact_external_id": str(user.id),
        "email": user.email,
        "name": user.name,
        "iat": now,
        "exp": now + 600,
    }
    return jwt.encode(claims, os.environ["PARLEY_IDENTITY_SECRET"], algorithm="HS256")
"""

_NODE = """\
import jwt from 'jsonwebtoken' // npm install jsonwebtoken

export function customerToken(user) {
  const claims = {
    aud: '%(aud)s',
    contact_external_id: String(user.id),
    email: user.email,
    name: user.name,
  }
  return jwt.sign(claims, process.env.PARLEY_IDENTITY_SECRET, { algorithm: 'HS256', expiresIn: '10m' })
}
"""

_PHP = """\
use Firebase\\JWT\\JWT; // composer require firebase/php-jwt

function customer_token($user) {
    $claims = [
        'aud' => '%(aud)s',
        'contact_external_id' => (string) $user->id,
        'email' => $user->email,
        'name' => $user->name,
        'iat' => time(),
        'exp' => time() + 600,
    ];
    return JWT::encode($claims, getenv('PARLEY_IDENTITY_SECRET'), 'HS256');
}
"""

_RUBY = """\
require "jwt" # gem install jwt

def customer_token(user)
  now = Time.now.to_i
  claims = {
    aud: "%(aud)s",
    contact_external_id: user.id.to_s,
    email: user.email,
    name: user.name,
    iat: now,
    exp: now + 600
  }
  JWT.encode(claims, ENV.fetch("PARLEY_IDENTITY_SECRET"), "HS256")
end
"""

PAGE = "Parley('identify', { jwt: customerToken })"
"""On the website's page, with what its server has signed."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Code in a language."""

    language: str
    code: str


def samples(workspace: Workspace) -> list[Sample]:
    """The code in each language, for the customers of a workspace."""
    languages = {"Python": _PYTHON, "Node.js": _NODE, "PHP": _PHP, "Ruby": _RUBY}
    return [Sample(name, code % {"aud": workspace.public_id}) for name, code in languages.items()]
