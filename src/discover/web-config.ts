import type { Script, ShellOutput } from '../model.js';
import { FieldReader } from '../shell/fields.js';
import { sh } from '../shell/sh.js';

/** One file of a web server's configuration. It stays in memory: only names and ports are taken from it. */
export interface WebFile {
  readonly server: 'nginx' | 'caddy' | 'apache';
  readonly path: string;
  /** Undefined where it may not be read. */
  readonly text?: string;
}

/**
 * Prints the configuration files of the web servers that run: the one that the unit's command line names, else the usual
 * one, and what these include. `nginx -T` was ruled out: it opens log files, and may make them.
 *
 * A function's variables are the script's own, hence the `set --` in front of each recursion.
 */
export function printWebConfigs(): Script {
  return sh`seen= count=0
lines='
'
emit() {
  case "$seen" in *"$lines$2$lines"*) return 1 ;; esac
  seen=$seen$lines$2$lines
  count=$((count + 1))
  [ $count -le 300 ] || return 1
  printf '%s\0%s\0' "$1" "$2"
  if [ -r "$2" ]; then
    printf '+'
    head -c 131072 <"$2" | tr -d '\000'
  fi
  printf '\0'
  [ -r "$2" ]
}
includes() {
  case $1 in
    nginx) tr ';' '\n' | sed -n 's/^\([^#]*[[:space:]{}]\)\{0,1\}include[[:space:]]\{1,\}["'\'']\{0,1\}\([^"'\'']*[^"'\''[:space:]]\).*/\2/p' ;;
    caddy) sed -n 's/^[[:space:]]*import[[:space:]]\{1,\}\([^[:space:]{]*[/.*][^[:space:]{]*\).*/\1/p' ;;
    apache) sed -n 's/^[[:space:]]*[Ii]nclude\([Oo]ptional\)\{0,1\}[[:space:]]\{1,\}["'\'']\{0,1\}\([^"'\'']*[^"'\''[:space:]]\).*/\2/p' ;;
  esac
}
# $1: server  $2: file  $3: folder that includes are relative to  $4: depth
follow() {
  [ -f "$2" ] || return 0
  case $2 in *mime.types | *.load) return 0 ;; esac
  emit "$1" "$2" || return 0
  [ "$4" -lt 6 ] || return 0
  set -f
  IFS=$lines
  for pattern in $(includes "$1" <"$2"); do
    case $pattern in /*) ;; *) pattern=$3/$pattern ;; esac
    [ ! -d "$pattern" ] || pattern=$pattern/*
    set +f
    IFS=
    for file in $pattern; do
      follow "$1" "$file" "$3" $(($4 + 1))
    done
    set -f
    IFS=$lines
  done
}
# $1: server  $2: option that names the file  $3: the usual files  then: patterns of units
look() {
  server=$1 option=$2 usual=$3
  shift 3
  commands=$(systemctl --no-pager show -p ActiveState,ExecStart -- "$@" 2>/dev/null)
  case $commands in *ActiveState=active* | *ActiveState=reloading*) ;; *) return 0 ;; esac
  set -f
  IFS=$lines
  set -- $(printf '%s\n' "$commands" | sed -n "s/^ExecStart=.*argv\[\]=.* $option[= ]\{1,\}\([^ ;]*\).*/\1/p" | tr -d "'\"")
  IFS=' '
  [ $# -gt 0 ] || set -- $usual
  for main; do
    follow $server "$main" "$(dirname -- "$main")" 0
  done
}
look nginx -c '/etc/nginx/nginx.conf' 'nginx*.service' 'openresty*.service' 'angie*.service'
look caddy --config '/etc/caddy/Caddyfile /etc/caddy/caddy_config' 'caddy*.service'
look apache -f '/etc/apache2/apache2.conf /etc/httpd/conf/httpd.conf' 'httpd*.service' 'apache2*.service'
exit 0`;
}

/** Reads what the script of `printWebConfigs` printed. */
export function readWebConfigs(output: ShellOutput): readonly WebFile[] {
  const fields = new FieldReader(output.stdout);
  const files: WebFile[] = [];
  for (let server = fields.next(); server !== undefined; server = fields.next()) {
    const [path = '', text = ''] = [fields.next(), fields.next()];
    if (server !== 'nginx' && server !== 'caddy' && server !== 'apache') throw new Error('a broken record');
    files.push({ server, path, ...(text.startsWith('+') && { text: text.slice(1) }) });
  }
  return files;
}
