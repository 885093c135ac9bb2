# Completes dmio in bash. In ~/.bashrc: source <(dmio completion bash)
_dmio() {
  local line="${COMP_WORDS[*]:1:COMP_CWORD}" current=${COMP_WORDS[COMP_CWORD]} word
  local IFS=$'\n'
  COMPREPLY=()
  for word in $("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null); do
    # Where no option was begun, none is offered: bash completes a path there, if there is no other word.
    [[ $word == "$current"* && ($current == -* || $word != -*) ]] && COMPREPLY+=("$word")
  done
}
complete -o default -F _dmio dmio
