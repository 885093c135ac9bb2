#compdef dmio
# Completes dmio in zsh. In ~/.zshrc, after compinit: source <(dmio completion zsh)
_dmio() {
  local line="${(j: :)words[2,CURRENT]}" current="${words[CURRENT]}"
  local -a found
  found=(${(f)"$(${words[1]} "[suggest:${#line}]" "$line" 2>/dev/null)"})
  # Where no option was begun, none is offered: zsh completes a path there, if there is no other word.
  [[ $current == -* ]] || found=(${found:#-*})
  if (( ${#found} )); then
    compadd -- $found
  else
    _files
  fi
}
compdef _dmio dmio
