#!/bin/sh
# The samples as the first corpus of every target.
cd "$(dirname "$0")" || exit 1
for pair in alarm:alarm-responder cost:cost-reporter deployment:deployment-guard image:image-guard; do
    mkdir -p "corpus/door_${pair%%:*}" && cp "../events/${pair#*:}"/*.json "corpus/door_${pair%%:*}/" || exit 1
done
mkdir -p corpus/policy && cp ../config/*.toml corpus/policy/
