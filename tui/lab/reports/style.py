"""The page's style: calm, readable on a phone and on paper, light and dark."""

from __future__ import annotations

PATTERNS = """
<svg width="0" height="0" aria-hidden="true" class="patterns"><defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"
patternTransform="rotate(45)"><rect width="6" height="6" class="paper"/><rect width="2.5"
height="6" class="stroke"/></pattern></defs></svg>
""".strip()

_COLOURS = """
:root{color-scheme:light dark;--ink:#1a1d21;--soft:#5a6069;--rule:#d8dbe0;--faint:#eceef1;
--page:#fff;--box:#f5f6f8;--vm:#9a5b00;--container:#0a5bb8;--host:#5a6069;--volume:#0a7550;
--good:#0a7550;--bad:#b3261e;--open:#5a6069;
--mono:ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",Menlo,Consolas,monospace}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e7e9ec;--soft:#a3a9b2;--rule:#373c44;
--faint:#262a30;--page:#14171b;--box:#1d2126;--vm:#e8ae53;--container:#76b5ff;--host:#a3a9b2;
--volume:#5dcb9c;--good:#5dcb9c;--bad:#ff8f85;--open:#a3a9b2}}
"""

_TEXT = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);overflow-wrap:anywhere;
font:1rem/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans","DejaVu Sans",sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:74rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
h1{font-size:2rem;line-height:1.2;font-weight:650;letter-spacing:-.01em;margin:0 0 .5rem}
h2{font-size:1.35rem;line-height:1.3;font-weight:650;margin:0 0 .25rem}
h2.quiet{font-size:1rem;color:var(--soft);font-weight:500}
h3{font-size:1rem;font-weight:600;margin:0 0 .5rem}
h3::first-letter,.why::first-letter{text-transform:uppercase}
h4{font-size:.8rem;font-weight:500;color:var(--soft);margin:0 0 .25rem}
p{margin:0 0 .25rem}
code{font-family:var(--mono);font-size:.88em}
a{color:inherit;text-decoration-color:var(--rule);text-underline-offset:.2em}
a:hover{text-decoration-color:currentColor}
a:focus-visible,summary:focus-visible{outline:2px solid var(--container);outline-offset:2px}
small{font-size:.8rem;color:var(--soft)}
header p,.key,.claim{color:var(--soft)}
header p{font-size:.9rem}
.over{text-transform:uppercase;letter-spacing:.08em;font-size:.75rem!important;margin:0 0 .5rem}
.caution{color:var(--ink)!important;background:var(--box);border-left:4px solid var(--vm);
padding:.6rem 1rem;margin:1rem 0 0;max-width:60rem}
section{margin-top:2.5rem}
.row,#method,#host,#events,#raw{border-top:1px solid var(--rule);padding-top:1.5rem}
.key{font-size:.85rem;margin-top:.75rem;max-width:60rem}
.prose{max-width:60rem;padding-left:1.2rem;margin:.5rem 0}.prose li{margin-bottom:.4rem}
.none{color:var(--soft)}
.main .whole{white-space:nowrap}
.fact{font-family:var(--mono);font-size:.86rem}
.unit{font-size:.85rem;color:var(--soft)}
.verdict{white-space:nowrap;font-size:.9rem;font-weight:600}
.confirmed{color:var(--good)}.refuted{color:var(--bad)}.undecided{color:var(--open)}
h2 .verdict{font-size:.95rem;margin-left:.5rem}
.tag{font-size:.75rem;font-weight:500;color:var(--soft);border:1px solid var(--rule);
border-radius:3px;padding:.1rem .4rem;margin-left:.75rem;white-space:nowrap;vertical-align:.1em}
.tally>span{margin-right:1.25rem;white-space:nowrap}
.tally{font-size:.95rem}.tally .verdict{margin:0}
"""

_TABLES = """
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.6rem 1.25rem .6rem 0;
border-bottom:1px solid var(--rule)}
thead th{color:var(--soft);font-weight:500;font-size:.8rem;padding-bottom:.35rem;
vertical-align:bottom}
.main{margin-top:.75rem}
.main tbody th{font-weight:600;width:17%}
.main th small,.main td small{display:block;line-height:1.35;font-weight:400;margin-top:.1rem}
.main td strong{font-size:1.5rem;line-height:1.2;font-weight:650;letter-spacing:-.01em}
.main .ratio strong{font-size:1.15rem}
.main .vm,.main .container{min-width:10rem}.main .ratio{min-width:9.5rem}
.main .claim{font-size:.85rem;min-width:9.5rem}
.main td:last-child,.main th:last-child{padding-right:0}
.wide{overflow-x:auto;overflow-wrap:normal}
.raw td:nth-child(n+8){overflow-wrap:anywhere}
.raw{font-size:.75rem}.raw td,.raw th{padding:.25rem .75rem .25rem 0;border-color:var(--faint)}
.raw td:nth-child(8),.raw td:nth-child(9){min-width:14rem;color:var(--soft)}
.raw td:nth-child(5),.raw td:nth-child(3){white-space:nowrap}
summary{cursor:pointer;font-weight:600;margin-bottom:.5rem}
.facts{columns:2;column-gap:3rem;margin:.5rem 0}
.facts div{display:flex;gap:1rem;break-inside:avoid;padding:.3rem 0;
border-bottom:1px solid var(--faint);font-size:.88rem}
.facts dt{flex:0 0 38%;color:var(--soft)}.facts dt,.facts dd{margin:0;min-width:0}
"""

_LINES = """
.why{max-width:60rem}.row .claim{font-size:.85rem}
.line{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:.5rem 3rem;
padding:1.25rem 0;border-top:1px solid var(--faint)}
.line:first-of-type{margin-top:1rem}
.arms{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));
gap:.75rem 1.25rem;margin:0}
.arms:has(>:nth-child(4)){grid-template-columns:1fr 1fr}
.words{grid-template-columns:minmax(0,1.8fr) minmax(0,1fr)}
.words dl.arms{grid-template-columns:1fr;gap:.35rem}
.words .arms div{display:grid;grid-template-columns:6.5rem 1fr;gap:.75rem}
.arms dt{font-size:.8rem;color:var(--soft)}
.arms dd{margin:0}.arms dd strong{font-size:1.15rem;font-weight:650}
.headline .arms dd strong{font-size:1.5rem;line-height:1.25}
.arms dd small{display:block;line-height:1.35}
.says{font-size:.9rem;margin-top:.6rem}
.method{font-size:.8rem;color:var(--soft)}.method p{display:inline;margin-right:.5em}
.method b{font-weight:600}
dt.vm::before,dt.container::before,dt.host::before,dt.volume::before{content:"";
display:inline-block;width:.6em;height:.6em;border-radius:50%;margin-right:.4em;
background:var(--c)}
.vm{--c:var(--vm)}.container{--c:var(--container)}.host{--c:var(--host)}
.volume{--c:var(--volume)}
"""

_CHARTS = """
.chart{margin:0 0 .75rem}
.lane{display:grid;grid-template-columns:6rem minmax(0,1fr);gap:.75rem;align-items:center}
.lane>span{font-size:.78rem;color:var(--soft);line-height:1.1;text-align:right}
.lane svg{display:block;width:100%;overflow:visible}
figcaption{font-size:.75rem;color:var(--soft);padding-left:6.75rem}
svg text{fill:var(--soft);font:.72rem system-ui,"DejaVu Sans",sans-serif}
svg .grid{stroke:var(--rule);stroke-width:1}
svg .range{fill:var(--c);fill-opacity:.16}
svg .median{stroke:var(--c);stroke-width:2}
svg .dot{fill:var(--c);fill-opacity:.6;stroke:var(--c);stroke-width:1}
svg .hollow{fill:var(--page);fill-opacity:1}
svg .ring{fill:none;stroke:var(--c);stroke-width:1.5}
svg .cross{fill:var(--ink);font-size:.95rem;font-weight:700}
.phases .chart{margin-top:1rem}
.phases h4{padding-left:6.75rem}
.phases rect{stroke:var(--c);stroke-width:.75;stroke-opacity:.7;fill:var(--c)}
.phase-0{fill-opacity:.55}.phase-1{fill-opacity:.15}.phase-2{fill-opacity:.4}
.phase-3{fill-opacity:.22}.phase-4{fill-opacity:.5}
.phases rect.phase-5{fill:var(--page);stroke:var(--c)}
.phases rect.tool{fill:url(#hatch);stroke:var(--vm)}
.patterns{position:absolute}.patterns .paper{fill:var(--page)}.patterns .stroke{fill:var(--vm)}
.phases text.inside{fill:var(--ink)}
.entry{display:inline-block;margin-right:.9rem;white-space:nowrap}
"""

_SMALL = """
@media screen and (max-width:56rem){.line,.words{grid-template-columns:minmax(0,1fr)}
.facts{columns:1}}
@media screen and (max-width:58rem){
main{padding:1.5rem 1rem 3rem}h1{font-size:1.5rem}
.tag{margin:.25rem 0 0;display:inline-block}
.main thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.main,.main tbody{display:block}
.main tr{display:grid;grid-template-columns:1fr 1fr;gap:.5rem 1rem;padding:.9rem 0;
border-bottom:1px solid var(--rule)}
.main th,.main td{display:block;border:0;padding:0;min-width:0!important;width:auto!important}
.main tbody th{font-size:1.05rem}.main .on{order:1;text-align:right}
.main .vm{order:2}.main .container{order:3}
.main .ratio,.main .claim{order:4;max-width:none!important}.main .claim{order:5}
.main td[data-head]::before{content:attr(data-head);display:block;font-size:.75rem;
color:var(--soft)}
.main td.ratio:empty{display:none}.main td.ratio:empty+.claim{grid-column:1/-1}
.main td strong{font-size:1.35rem}
.lane{grid-template-columns:4.6rem minmax(0,1fr);gap:.5rem}
figcaption,.phases h4{padding-left:0}
.scale text:nth-of-type(even):nth-last-of-type(n+2),.scale text:nth-of-type(4){display:none}
}
@media print{
@page{margin:16mm 14mm}
html{font-size:12px}main{max-width:none;padding:0}
.main th,.main td{padding:.35rem .7rem .35rem 0}

section{margin-top:1.2rem}.line{gap:.5rem 1.5rem;padding:.8rem 0}
.arms{grid-template-columns:repeat(auto-fit,minmax(6.5rem,1fr));gap:.4rem .8rem}
.words .arms div{grid-template-columns:5rem 1fr}
.lane{grid-template-columns:4.6rem minmax(0,1fr);gap:.5rem}
figcaption,.phases h4{padding-left:5.1rem}
.main tr,.line,.chart,.facts div{break-inside:avoid}h2,h3,.why,.row>.claim{break-after:avoid}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
"""

CSS = "".join((_COLOURS, _TEXT, _TABLES, _LINES, _CHARTS, _SMALL)).strip()
