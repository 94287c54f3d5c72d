"""Law 11: no row of one tenant is ever visible to another, in any service, by any route.

The catalogue of each database is asked whether row-level security holds, the roles whether they can go around it,
every table whether it shows one tenant's rows to another, as the service itself would see it; and the ids that one
service keeps of another whether they stay within their tenant.
"""

from uuid import UUID

from careconnect.config import DATABASES, SERVICES
from operations.verify.evidence import Evidence
from operations.verify.finding import Finding
from operations.verify.laws.references import strangers

DIRECTORY = ("identity", "directory")
"""Asked before a tenant is known; it holds hashes and ids only, and each tenant writes only its own entries."""

_TABLES = """
SELECT class.oid, class.relname AS name, relrowsecurity AND relforcerowsecurity AS secured
FROM pg_class AS class JOIN pg_attribute AS attribute ON attrelid = class.oid AND attname = 'tenant_id'
WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND NOT attisdropped ORDER BY 2
"""
_LENIENT = """
SELECT polname FROM pg_policy
WHERE polrelid = $1 AND polpermissive AND NOT (
  coalesce(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) = $2
  AND coalesce(pg_get_expr(polwithcheck, polrelid), $2) = $2)
"""
_POLICY = "(tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS \"nullif\"))"
_ROLES = """
SELECT rolname, 'may go around row-level security' AS wrong FROM pg_roles
WHERE rolname = ANY($1) AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)
UNION ALL
SELECT member.rolname, 'is a member of ' || granted.rolname FROM pg_auth_members
JOIN pg_roles AS member ON member.oid = member JOIN pg_roles AS granted ON granted.oid = roleid
WHERE member.rolname = ANY($1)
UNION ALL
SELECT rolname, 'owns the database ' || datname FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba
WHERE rolname = ANY($1)
UNION ALL
SELECT rolname, 'may connect to ' || datname FROM pg_roles CROSS JOIN pg_database
WHERE rolname = ANY($1) AND datallowconn AND has_database_privilege(rolname, datname, 'CONNECT')
  AND datname <> ($2::jsonb)->>rolname::text
"""
_OWNED = """
SELECT rolname, relname AS what FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner WHERE rolname = ANY($1)
UNION ALL
SELECT rolname, proname FROM pg_proc JOIN pg_roles ON pg_roles.oid = proowner WHERE rolname = ANY($1)
UNION ALL
SELECT rolname, nspname FROM pg_namespace JOIN pg_roles ON pg_roles.oid = nspowner WHERE rolname = ANY($1)
"""
_KNOWN = "SELECT DISTINCT tenant_id FROM data_keys"
_SET_TENANT = "SELECT set_config('app.tenant_id', $1, true)"


async def check(evidence: Evidence) -> Finding:
    """Ask the catalogues, the roles, the tables and the references."""
    finding = await _roles(evidence)
    for service in SERVICES:
        finding += await _tables(evidence, service)
        finding += await _visible(evidence, service)
    finding += await strangers(evidence)
    return finding


async def _roles(evidence: Evidence) -> Finding:
    own = {f"careconnect_{service}": database for service, database in DATABASES.items()}
    document = "{" + ", ".join(f'"{role}": "{database}"' for role, database in own.items()) + "}"
    finding = Finding(checked=len(own))
    for row in await evidence.rows("identity", _ROLES, list(own), document):
        finding.violations.append(f"{row['rolname']} {row['wrong']}")
    for service in SERVICES:
        for row in await evidence.rows(service, _OWNED, list(own)):
            finding.violations.append(f"{row['rolname']} owns {row['what']} in {DATABASES[service]}")
    return finding


async def _tables(evidence: Evidence, service: str) -> Finding:
    finding = Finding()
    for table in await evidence.rows(service, _TABLES):
        finding.checked += 1
        if not table["secured"]:
            finding.violations.append(f"{service}.{table['name']} is not under row-level security")
        if (service, table["name"]) == DIRECTORY:
            continue
        for policy in await evidence.rows(service, _LENIENT, table["oid"], _POLICY):
            finding.violations.append(f"the policy {policy['polname']} of {service}.{table['name']} shows other rows")
    return finding


async def _visible(evidence: Evidence, service: str) -> Finding:
    """Look as the service's own role: with a tenant set at no other's rows, and without one at none."""
    tables = [row["name"] for row in await evidence.rows(service, _TABLES) if (service, row["name"]) != DIRECTORY]
    tenants: list[UUID] = [row["tenant_id"] for row in await evidence.rows(service, _KNOWN)]
    finding = Finding()
    connection = await evidence.as_service(service)
    try:
        for tenant in [None, *tenants]:
            async with connection.transaction(readonly=True):
                await connection.execute(_SET_TENANT, str(tenant or ""))
                for table in tables:
                    finding.checked += 1
                    others = f'SELECT EXISTS (SELECT FROM "{table}" WHERE tenant_id IS DISTINCT FROM $1)'  # noqa: S608 - from the catalogue
                    if await connection.fetchval(others, tenant):
                        who = f"to tenant {tenant}" if tenant else "without a tenant"
                        finding.violations.append(f"{service}.{table} shows rows of other tenants {who}")
    finally:
        await connection.close()
    return finding
