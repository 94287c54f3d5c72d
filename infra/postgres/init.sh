#!/usr/bin/env bash
# Makes the roles and databases of an installation in an empty Postgres; the container runs it once, at its first start.
# The same as careconnect/embedded/databases.py does for the embedded Postgres: each service signs in with a role that
# owns nothing and reaches its own database only. Passwords come from the environment and stand nowhere else.
set -euo pipefail

sql() {
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "$1"
}

create_role() {
  local role=$1 password=$2 rights=$3
  sql postgres << SQL
CREATE ROLE $role LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB $rights PASSWORD '$password';
SQL
}

create_database() {
  local service=$1 database=$2 password=$3
  create_role "careconnect_$service" "$password" NOBYPASSRLS
  sql postgres <<< "CREATE DATABASE $database OWNER careconnect_owner"
  sql "$database" << SQL
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
REVOKE ALL ON DATABASE $database FROM PUBLIC;
GRANT CONNECT ON DATABASE $database TO careconnect_$service, careconnect_auditor;
GRANT USAGE ON SCHEMA public TO careconnect_$service;
SQL
}

create_engine_databases() {
  create_role temporal "$TEMPORAL_PASSWORD" NOBYPASSRLS
  local database
  for database in temporal temporal_visibility; do
    sql postgres <<< "CREATE DATABASE $database OWNER temporal"
    sql postgres <<< "REVOKE ALL ON DATABASE $database FROM PUBLIC"
  done
}

sql postgres <<< "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC"
create_role careconnect_owner "$OWNER_PASSWORD" NOBYPASSRLS
create_role careconnect_auditor "$AUDITOR_PASSWORD" BYPASSRLS
sql postgres << SQL
GRANT pg_read_all_data TO careconnect_auditor;
ALTER ROLE careconnect_auditor SET default_transaction_read_only = on;
SQL

create_database patients careconnect_patient_db "$PATIENTS_PASSWORD"
create_database consultants careconnect_consultant_db "$CONSULTANTS_PASSWORD"
create_database appointments careconnect_appointment_db "$APPOINTMENTS_PASSWORD"
create_database payments careconnect_billing_db "$PAYMENTS_PASSWORD"
create_database reports careconnect_reports_db "$REPORTS_PASSWORD"
create_database notifications careconnect_notification_db "$NOTIFICATIONS_PASSWORD"
create_database identity careconnect_identity_db "$IDENTITY_PASSWORD"
create_engine_databases
