"""The look of the apps' pages: one small document with everything inline."""

from html import escape

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5d6b82; --paper: #f6f7fb; --card: #fff; --line: #e3e7f0;
  --glow: #2a66e8; --on-glow: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf5; --soft: #94a1b8; --paper: #10141d; --card: #171d29; --line: #273042; --glow: #6ea0ff;
    --on-glow: #10141d }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 2rem 1rem;
  background: radial-gradient(60rem 30rem at 50% -10rem, color-mix(in srgb, var(--glow) 22%, transparent), transparent),
  var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif }
main { width: min(44rem, 100%); background: var(--card); border: 1px solid var(--line); border-radius: 18px;
  padding: 2rem clamp(1.25rem, 4vw, 2.5rem); box-shadow: 0 18px 50px -30px rgb(20 40 90 / .5) }
h1 { margin: 0 0 .3rem; font-size: clamp(1.5rem, 4vw, 2rem); letter-spacing: -.02em }
p { margin: 0; color: var(--soft) }
dl { display: grid; grid-template-columns: minmax(7rem, auto) 1fr; gap: .45rem 1.2rem; margin: 1.5rem 0 0;
  padding-top: 1.3rem; border-top: 1px solid var(--line) }
dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, monospace; font-size: .92em }
details { margin-top: 1.3rem } summary { cursor: pointer; color: var(--soft) }
a { color: var(--glow) }
input, button { font: inherit; color: inherit; padding: .45rem .8rem; background: var(--paper); border-radius: 10px;
  border: 1px solid var(--line) }
button { background: var(--glow); border-color: transparent; color: var(--on-glow); cursor: pointer }
""".strip()


def render_page(title: str, lead: str, *parts: str) -> bytes:
    """A whole page; `title` and `lead` are text, `parts` are HTML."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    body = f"<main><h1>{escape(title)}</h1><p>{escape(lead)}</p>{''.join(parts)}</main>"
    return (
        f'<!doctype html><html lang="en"><head>{head}<style>{_STYLE}</style></head><body>{body}</body></html>'.encode()
    )


def render_facts(facts: dict[str, str]) -> str:
    """A list of names and values."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return f"<dl>{rows}</dl>"
