#!/bin/sh
# Makes a built template that of the one processor its functions are compiled for:
# the parameter Architecture has that default and takes nothing else. The other
# would deploy, and no function of it would start.
#
#   tools/for-architecture.sh x86_64 .aws-sam/x86_64/template.yaml
set -eu

usage='usage: tools/for-architecture.sh ARCHITECTURE TEMPLATE'
architecture=${1:?$usage}
template=${2:?$usage}

# The parameter's list may stand on its line, or below it as `sam build` writes it.
awk -v architecture="$architecture" '
    /^[^ ]/ { parameters = /^Parameters:/ }
    /^  [^ ]/ { inside = parameters && /^  Architecture:/ }
    inside && /^    [A-Z]/ { list = 0 }
    inside && /^    AllowedValues:/ {
        list = 1
        print "    AllowedValues: [" architecture "]"
    }
    list { known = known || index($0, architecture); next }
    inside && /^    Default:/ {
        defaults++
        print "    Default: " architecture
        next
    }
    { print }
    END { exit !(known && defaults == 1) }
' "$template" >"$template.new" || {
    rm -f "$template.new"
    echo "for-architecture.sh: $template has no parameter Architecture that takes $architecture" >&2
    exit 1
}
mv "$template.new" "$template"
