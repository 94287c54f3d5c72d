#!/bin/sh
# Makes the namespace, its retention and its search attributes; harmless to repeat. Runs in temporalio/admin-tools, and
# with TEMPORAL_ADDRESS set anywhere else where the `temporal` command is.
set -eu

NAMESPACE=${CARECONNECT_TEMPORAL__NAMESPACE:-careconnect}
RETENTION=720h

patiently() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || return 1
    sleep 1
  done
}

attribute() {
  patiently temporal operator search-attribute create --namespace "$NAMESPACE" --name "$1" --type "$2"
}

patiently temporal operator cluster health
temporal operator namespace describe --namespace "$NAMESPACE" > /dev/null 2>&1 ||
  temporal operator namespace create --namespace "$NAMESPACE" --retention "$RETENTION"
# A new namespace is known to all of the server after some seconds.
patiently temporal operator namespace update --namespace "$NAMESPACE" --retention "$RETENTION"
attribute TenantId Keyword
attribute LocationId Keyword
attribute ConsultantId Keyword
attribute AppointmentStatus Keyword
attribute PaymentStatus Keyword
attribute VisitAt Datetime
attribute NeedsAttention Bool
attribute FailedSteps KeywordList
