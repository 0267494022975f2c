# A CA inside the VM issues what Let's Encrypt issues outside, so that all of ACME is tried: docs/vm/acme.md.
{ nixspec.vm.acme.orders = "pebble"; }
