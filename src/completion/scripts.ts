/**
 * What a shell sources: it asks `nixspec` itself for what fits, so that it never lags behind the commands. Nothing that comes
 * back is evaluated.
 */
export const scripts = {
  bash: `# bash completion for nixspec
_nixspec() {
  local line directive=
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ -z $directive ]]; then
      directive=$line
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(command nixspec __complete bash "\${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
  # bash 3.2, as macOS has it, cannot be told for one word alone.
  case $directive in
    :files) compopt -o bashdefault -o default 2>/dev/null ;;
    :nospace) compopt -o nospace 2>/dev/null ;;
  esac
  return 0
}
complete -F _nixspec nixspec
`,
  zsh: `#compdef nixspec
# zsh completion for nixspec
_nixspec() {
  local directive line value summary
  local -a lines values shown given
  (( CURRENT > 2 )) && given=("\${(@Q)words[2,CURRENT-1]}")
  lines=("\${(@f)$(command nixspec __complete zsh "\${given[@]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  directive=$lines[1]
  local -i width=0
  for line in "\${(@)lines[2,-1]}"; do
    value=\${line%%$'\\t'*}
    values+=("$value")
    (( \${#value} > width )) && width=\${#value}
  done
  for line in "\${(@)lines[2,-1]}"; do
    value=\${line%%$'\\t'*} summary=\${line#*$'\\t'}
    shown+=("\${(r:width:)value}\${summary:+  -- $summary}")
  done
  local -i found=1
  if (( $#values )); then
    if [[ $directive == :nospace ]]; then
      compadd -l -S '' -d shown -a values && found=0
    else
      compadd -l -d shown -a values && found=0
    fi
  fi
  if [[ $directive == :files ]]; then
    [[ $PREFIX == --*=* ]] && compset -P '*='
    _files && found=0
  fi
  return found
}
# Sourced, or loaded from a folder of fpath.
if [[ $funcstack[1] == _nixspec ]]; then
  _nixspec "$@"
else
  compdef _nixspec nixspec
fi
`,
  fish: `# fish completion for nixspec
function __nixspec_complete
    set -l typed (commandline -ct)
    set -l words (commandline -opc)
    set -l answer (command nixspec __complete fish $words[2..-1] "$typed" 2>/dev/null)
    set -l directive $answer[1]
    set -e answer[1]
    test (count $answer) -gt 0; and printf '%s\\n' $answer
    if test "$directive" = :files
        if string match -q -- '--*=*' "$typed"
            set -l option (string replace -r -- '=.*' '=' "$typed")
            for file in (__fish_complete_path (string replace -r -- '^[^=]*=' '' "$typed"))
                printf '%s\\n' "$option$file"
            end
        else
            __fish_complete_path "$typed"
        end
    end
end
complete -c nixspec -f -a '(__nixspec_complete)'
`,
} as const;

export type Shell = keyof typeof scripts;

export const shells = Object.keys(scripts) as readonly Shell[];
