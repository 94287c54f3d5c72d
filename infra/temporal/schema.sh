#!/bin/sh
# Brings the engine's two databases to its version's schema; runs in temporalio/admin-tools before the server starts.
set -eu

SCHEMAS=/etc/temporal/schema/postgresql/v12

bring_up() {
  database=$1 versions=$2
  tool="temporal-sql-tool --plugin postgres12 --endpoint $POSTGRES_SEEDS --port 5432 --user $POSTGRES_USER"
  # An empty database has no version yet, so the first update fails and the beginning is set up.
  $tool --database "$database" update-schema --schema-dir "$versions" || {
    $tool --database "$database" setup-schema --version 0.0
    $tool --database "$database" update-schema --schema-dir "$versions"
  }
}

bring_up temporal "$SCHEMAS/temporal/versioned"
bring_up temporal_visibility "$SCHEMAS/visibility/versioned"
