"""Records what the real OmegaConf makes of configurations, for omegaconf.test.ts.

    python3 -m venv /tmp/oc && /tmp/oc/bin/pip install omegaconf==2.3.0
    /tmp/oc/bin/python test/config/record_omegaconf.py > test/config/omegaconf-cases.json

As the Nemotron step does it: OmegaConf.load of a file, OmegaConf.from_dotlist, merge, resolve.
"""

import json
import os

from omegaconf import OmegaConf

ENVIRONMENT = {"HOME": "/home/ann", "EMPTY": "", "LIST": "[1, two]", "NAME": "HOME", "EIGHT": "8", "YES": "yes", "NIL": "null"}
BASE = "a: {b: 7, c: [1, 2], d: {e: x}}\nt: true\nn: null\nf: 1.5\ns: text\nmust: ???\n"

# One value each, put at `it`.
VALUES = """
1|-1|+1|0|00|1_000|0x1F|0o17|017|0b11|1.|.5|1.5|1e3|1E3|1.5e3|1e-3|-1.5e+3|1_0.5|12:30|1:30:00|2026-01-01
true|True|TRUE|yes|Yes|no|No|on|off|y|n|Y|N|null|Null|NULL|~|none|None
text|"no"|'8'|a b|a: b|[1, two, "3"]|{a: 1, b: [2]}|[]|{}|1.2.3|1e|e3|0x|08|0123456|1-2|-|"a\\nb"|'it''s'
${a.b}|x${a.b}y|${a}|${a.c}|${a.c.0}|${a.c[1]}|${a[b]}|${a.d.e}|${s}${f}|${t}|x${t}|x${n}|x${f}|${must}|${absent}|${n}
[${a.b}, x${s}]|{k: ${a.b}}|[{k: ${a.b}}]
${oc.env:HOME}/x|${oc.env:EMPTY}|${oc.env:EMPTY,full}|${oc.env:ABSENT}|${oc.env:ABSENT,8}|${oc.env:ABSENT,}|${oc.env:ABSENT,null}|${oc.env:ABSENT,true}
${oc.env:ABSENT,'a b'}|${oc.env:ABSENT,"a b"}|${oc.env:ABSENT,a b}|${oc.env:ABSENT, x }|${oc.env: HOME}|${oc.env:ABSENT,${a.b}}|${oc.env:ABSENT,/x/y-z_1.2}
${oc.env:ABSENT,${oc.env:ALSO_ABSENT,${oc.env:HOME}/output}/convert}/hf|${oc.env:${oc.env:NAME}}|${oc.env:EIGHT,1}|${oc.env:ABSENT,${n}}|${oc.env:ABSENT,'${s}'}
${oc.decode:${oc.env:LIST}}|${oc.decode:${oc.env:EIGHT}}|${oc.decode:${oc.env:YES}}|${oc.decode:${oc.env:NIL}}|${oc.decode:true}|${oc.decode:'[1, {a: b}]'}|${oc.decode:'{a: 1}'}|${oc.decode:null}
${oc.decode:'1e3'}|${oc.decode:'0x1F'}|${oc.decode:'1_000'}|${oc.decode:'text'}|${oc.decode:'${s}'}|${oc.decode:'"8"'}|${oc.decode:''}|${oc.decode:'[1'}
\\${a.b}|\\\\${a.b}|\\\\\\${a.b}|x\\y|$5|${|$a|${a.b|}|${}|a}b|${oc.env:ABSENT,a}b}
${oc.nothing:x}|${ a.b }|${a..b}|${.s}|${it}|${oc.env:ABSENT,a:b}|${oc.env:ABSENT,a=b}|${oc.env:ABSENT,[1, 2]}|${oc.env:ABSENT,1.50}
"""

DOTLISTS = [
    ["a.b=1"], ["a.b=null"], ["a.b="], ["a.b=~"], ["a.b=[1, 2]"], ["a.b={x: 1}"], ["a={x: 1}"], ["a={}"], ["a=null"], ["a=5"],
    ["a.c=[9]"], ["a.c=null"], ["a.c=[]"], ["s=b=c"], ["s='8'"], ['s="8"'], ["s=yes"], ["s=on"], ["s=Off"], ["s=y"], ["s=1e3"], ["s=010"],
    ["s=${a.b}"], ["s=x${oc.env:HOME}"], ["s=a b"], ["s=[a,b]"], ["s=/x/y"], ["s=./x"], ["s=~/x"], ["s=a:b"], ["s=a: b"], ["s=#x"], ["s=a #x"],
    ["s=@x"], ["s=%x"], ["s=*x"], ["s=!x"], ["s=[1"], ["s={a"], ["s=2026-01-01"], ["s=12:30"], ["s=1_000"], ["s= x "], ["s=\"a\\nb\""], ["s=-"],
    ["x.y.z=1", "x.y.w=2"], ["a.b=1", "a.b=2"], ["a.b=1", "a=3"], ["s=1", "s.t=2"], ["a.d={f: 1}"], ["a.d.e=null", "a.d.g=1"], ["must=1"],
    ["s=???"], ["s=nvidia/Model-3.1"], ["s=0x10"], ["s=1."], ["s=.5"], ["s='it''s'"], ["s=[${a.b}, ${oc.env:EIGHT}]"], ["s=null # x"],
]

MERGES = [
    ("a: {b: 1}\n", "a: {}\n"), ("a: {b: 1}\n", "a: null\n"), ("a: {b: 1}\n", "a:\n"), ("a: {b: 1}\n", "a: 5\n"), ("a: 5\n", "a: {b: 1}\n"),
    ("a: {b: 1, c: 2}\n", "a: {c: 3}\n"), ("a: [1, 2]\n", "a: [3]\n"), ("a: [1, 2]\n", "a: []\n"), ("a: {b: 1}\n", "a: [2]\n"), ("a: [1]\n", "a: {b: 2}\n"),
    ("a: 5\n", "a: {}\n"), ("a: 1\nb: ${a}\n", "a: 2\n"), ("a: null\n", "a: {b: 1}\n"), ("a: {b: {c: 1}}\n", "a: {b: null}\n"), ("a: ???\n", "a: 1\n"), ("a: 1\n", "a: ???\n"),
    ("a: {b: ${c}}\nc: 1\n", "c: 9\n"),
    ("a: &x 5\nb: *x\n",), ("a: &x {b: 1, l: [1]}\nc: *x\n",), ("a: &x {b: 1}\nc: {<<: *x, d: 2}\n",), ("a: &x {b: 1}\nc: {<<: *x, b: 2}\n",),
    ("a: &x [1]\nc: [*x, 2]\n",), ("c: *nowhere\n",), ("a: 1\na: 2\n",), ("a.b: 1\n",), ("a: {b.c: 1}\n",), ("",), ("[1]\n",),
    ("a: |\n  two\n  lines\n",), ("a: >\n  one\n  line\n",), ("? a\n: b\n",), ("a: !!str 5\n",), ("a: !!int '5'\n",), ("--- \na: 1\n",), ("a: 1\n---\na: 2\n",),
    ("a:\n  b: ${.c}\n  c: ${..d}\nd: 3\n",), ("a: {b: {c: '${...d}'}}\nd: 3\n",), ("a: &x {b: 1}\ne: &y {b: 2, f: 3}\nc:\n  <<: [*x, *y]\n  g: 4\n",),
    ("x: &x {s: {k: 1}, t: 1}\ny: {<<: *x, s: {m: 2}}\n",), ("x: &x {s: {k: 1}}\nz: &z {<<: *x, t: 2}\ny: {<<: *z, u: 3}\n",),
    ("x: &x {l: [{k: 1}]}\ny: [{<<: *x, m: 2}]\n",), ("a: &x {b: &y [1]}\nc: {d: *y}\n",), ("m: [{n: 1}]\na: ${m.0.n}\n",),
]


def outcome(make):
    try:
        config = make()
        for key, value in list(config.items_ex(resolve=False)):
            if value == "???":
                del config[key]
        return {"value": json.loads(json.dumps(OmegaConf.to_container(config, resolve=True), default=str))}
    except Exception as error:  # whatever it refuses
        return {"error": type(error).__name__}


def main():
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    cases = []
    for value in VALUES.strip().replace("\n", "|").replace("\\\\", "\\").split("|"):
        text = BASE + "it: " + value + "\n"
        cases.append({"files": [text], "dotlist": [], **outcome(lambda: OmegaConf.create(text))})
    for dotlist in DOTLISTS:
        merged = lambda: OmegaConf.merge(OmegaConf.create(BASE), OmegaConf.from_dotlist(dotlist))
        cases.append({"files": [BASE], "dotlist": dotlist, **outcome(merged)})
    for files in MERGES:
        merged = lambda: OmegaConf.merge(*[OmegaConf.create(text) for text in files])
        cases.append({"files": list(files), "dotlist": [], **outcome(merged)})
    print("[")
    print(",\n".join(json.dumps(case) for case in cases))
    print("]")


main()
