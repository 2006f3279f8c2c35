#!/bin/bash
# The health check of the image: exits with 0 when the service in this container is ready, else prints why not. Starts no other process.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/$PORT"
printf 'GET /health/ready HTTP/1.0\r\nhost: localhost\r\n\r\n' >&3
IFS= read -r -t 4 status <&3
[[ $status == HTTP/1.?' 200 '* ]] && exit 0
echo "$status"
while IFS= read -r -t 1 line <&3; do :; done
echo "${line:-}"
exit 1
