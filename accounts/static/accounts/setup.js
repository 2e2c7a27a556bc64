// The time zone of whoever sets up the desk, until they choose another.
const zone = document.getElementById('id_time_zone');
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && zone.value === zone.dataset.unless && [...zone.options].some((option) => option.value === here)) zone.value = here;
