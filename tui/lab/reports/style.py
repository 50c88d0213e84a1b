"""The page's style: calm, readable on a phone and on paper, light and dark."""

from __future__ import annotations

CSS = """
:root{--ink:#1c2024;--soft:#60646c;--rule:#d9dbe0;--page:#fff;--box:#f6f7f9;--vm:#8a5a00;
--container:#0b63c5;--host:#60646c;--volume:#0a7d4f;--good:#0a7d4f;--bad:#b3261e;--open:#60646c}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--soft:#a0a5ad;--rule:#363b42;
--page:#15181c;--box:#1e2227;--vm:#e3a94f;--container:#6cb0ff;--host:#a0a5ad;--volume:#57c797;
--good:#57c797;--bad:#ff8a80;--open:#a0a5ad}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,"Segoe UI","DejaVu Sans",sans-serif}
main{max-width:68rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.2rem;margin:2.5rem 0 .25rem;padding-top:1rem;border-top:1px solid var(--rule)}
h3{font-size:1rem;margin:0 0 .25rem}
p{margin:.25rem 0}
header p,.key,.method,.claim,small{color:var(--soft)}
.caution{color:var(--ink);border-left:4px solid var(--vm);padding:.25rem .75rem;
background:var(--box);margin:.75rem 0}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
.main{margin-top:1rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .75rem .45rem 0;
border-bottom:1px solid var(--rule)}
thead th{color:var(--soft);font-weight:500;font-size:.85rem}
.main td strong{font-size:1.05rem;white-space:nowrap}
.main td small{display:block;font-size:.78rem}
.claim,.key,.method{font-size:.85rem}
a{color:inherit}
.verdict{white-space:nowrap;font-size:.85rem;font-weight:600}
.confirmed{color:var(--good)}.refuted{color:var(--bad)}.undecided{color:var(--open)}
.line{margin:1rem 0;padding:.75rem 1rem;background:var(--box);border-radius:6px}
.arms{display:flex;flex-wrap:wrap;gap:.25rem 2rem;margin:.25rem 0}
.arms dt{font-size:.8rem;color:var(--soft)}.arms dd{margin:0;overflow-wrap:anywhere}
.arms small{margin-left:.25rem}
.says{font-weight:500}.none{color:var(--soft)}
svg{display:block;width:100%;height:auto;margin:.5rem 0}
svg text{fill:var(--soft);font-size:12px;font-family:inherit}
svg .vm{fill:var(--vm);stroke:var(--vm)}svg .container{fill:var(--container);
stroke:var(--container)}svg .host{fill:var(--host);stroke:var(--host)}
svg .volume{fill:var(--volume);stroke:var(--volume)}svg .axis{stroke:var(--rule)}
svg .dot{fill-opacity:.45;stroke-width:1}svg .range{stroke-width:3;stroke-opacity:.5}
svg .middle{stroke-width:2.5}
.raw{font-size:.8rem}summary{cursor:pointer;margin-top:2.5rem}
code{font-size:.9em;overflow-wrap:anywhere}
@media(max-width:600px){.main td strong{white-space:normal;overflow-wrap:anywhere}
.main th,.main td{padding-right:.5rem}.main .claim,.main th:nth-child(5){display:none}}
@media print{main{max-width:none;padding:0}.line{break-inside:avoid}}
""".strip()
