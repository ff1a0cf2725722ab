# bash completion of tenon(1).
_tenon() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="inspect diff rename convert run graph devices env --help"
  else
    case "$word$command" in
      -*inspect) words="--tensor --stats --json --file_name --tensor_name --all_tensors --help" ;;
      -*run)
        words="--checkpoint --signature --feed --fetch --out --target --variables --repeat --help"
        ;;
      -*graph) words="--tags --checkpoint --svg --output --out --help" ;;
      -*rename) words="--name --pattern --help" ;;
      -*) words=--help ;;
    esac
  fi
  if [ -n "$words" ]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  elif [ "$command" != devices ] && [ "$command" != env ]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -o filenames -F _tenon tenon
