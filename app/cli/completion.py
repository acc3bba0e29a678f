"""`loopscope completion SHELL`: a script by which that shell completes what is typed, made from the parser itself."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SHELLS = ("bash", "zsh", "fish")
_BASH = """\
# loopscope: put this into ~/.bashrc:  eval "$(loopscope completion bash)"
_loopscope() {{
  local words="{actions}" current="${{COMP_WORDS[COMP_CWORD]}}"
  if (( COMP_CWORD > 1 )); then
    case "${{COMP_WORDS[1]}}" in
{cases}
      *) words="" ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _loopscope loopscope
"""
_ZSH = """\
# loopscope: put this into ~/.zshrc, below compinit:  eval "$(loopscope completion zsh)"
_loopscope() {{
  local -a found
  if (( CURRENT == 2 )); then
    found=({described})
    _describe action found
    return
  fi
  case "$words[2]" in
{cases}
  esac
  compadd -a found
  _files
}}
compdef _loopscope loopscope
"""


class Action(NamedTuple):
    name: str
    help: str
    words: Sequence[str]  # that may follow it


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](actions_of(parser))


def actions_of(parser: argparse.ArgumentParser) -> list[Action]:
    nested = next(each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    helps = {each.dest: each.help or "" for each in nested._choices_actions}
    return [Action(name, helps.get(name, ""), _words(each)) for name, each in nested.choices.items()]


def _words(parser: argparse.ArgumentParser) -> list[str]:
    """Options, and the values of arguments that are a choice; of `run` the lessons."""
    found: list[str] = []
    for each in parser._actions:
        found += [option for option in each.option_strings if option.startswith("--")]
        found += list(map(str, each.choices)) if each.choices else []
        found += lessons() if each.dest == "scenario" else []
    return found


def lessons() -> list[str]:
    """Without reading them."""
    return sorted(path.stem for path in (Path(__file__).parent.parent / "scenarios").glob("*.yaml"))


def _bash(actions: Sequence[Action]) -> str:
    cases = "\n".join(f'      {each.name}) words="{" ".join(each.words)}" ;;' for each in actions)
    return _BASH.format(actions=" ".join(each.name for each in actions), cases=cases)


def _zsh(actions: Sequence[Action]) -> str:
    described = " ".join(f"'{each.name}:{_quoted(each.help)}'" for each in actions)
    cases = "\n".join(f"    {each.name}) found=({' '.join(each.words)}) ;;" for each in actions)
    return _ZSH.format(described=described, cases=cases)


def _fish(actions: Sequence[Action]) -> str:
    lines = ["# loopscope: loopscope completion fish > ~/.config/fish/completions/loopscope.fish"]
    for each in actions:
        lines.append(f"complete -c loopscope -n __fish_use_subcommand -a {each.name} -d '{_quoted(each.help)}'")
        for word in each.words:
            place = f"complete -c loopscope -n '__fish_seen_subcommand_from {each.name}'"
            lines.append(f"{place} -l {word[2:]}" if word.startswith("--") else f"{place} -a {word}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return text.replace("'", "").replace(":", " ")
