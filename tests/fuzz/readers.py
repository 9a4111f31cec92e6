#!/usr/bin/env python3
"""readers.py LAUNCHER CORPUS ROUNDS SEED: traces and reports that were damaged, for the launcher to read.

It ends with 0 and no word, or with 1 and one line; awk, whichever there is, says nothing itself.
"""
import os, random, shutil, subprocess, sys, tempfile

launcher, corpus = os.path.abspath(sys.argv[1]), sys.argv[2]
rounds, rng = int(sys.argv[3]), random.Random(int(sys.argv[4]))
AWKS = [a for a in ('mawk', 'gawk', 'busybox', 'original-awk') if shutil.which(a)]
NUMBERS = (b'0', b'-1', b'1e308', b'1e-308', b'inf', b'-nan', b'0x7f', b'99999999999999999999', b'.', b'')
PIECES = (b'"', b'\\', b'\n', b',', b'{', b'}', b'\0', b'\xff\xfe', b'(', b'+0x', b"'", b'`', b'$(false)', b'%s',
          b'"args":{', b'"name":"', b'holdstill:   object ', b' at ')


def damage(text):
    """One of: bytes, pieces, numbers, whole lines."""
    kind, at = rng.randrange(6), rng.randrange(len(text) + 1)
    if kind == 0:
        return text[:at] + bytes([rng.randrange(256)]) + text[at + 1:]
    if kind == 1:
        return text[:at] + rng.choice(PIECES) * rng.choice((1, 1, 1, 2000)) + text[at:]
    if kind == 2:
        return text[:at]
    if kind == 3:
        end = at + rng.randrange(200)
        return text[:at] + text[end:]
    if kind == 4:
        while at < len(text) and not text[at:at + 1].isdigit():
            at += 1
        end = at
        while text[end:end + 1].isdigit():
            end += 1
        return text[:at] + rng.choice(NUMBERS) + text[end:]
    lines = text.split(b'\n')
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    rng.shuffle(lines) if rng.random() < .2 else None
    return b'\n'.join(lines)


def wrong(run):
    if run.returncode not in (0, 1):
        return f'status {run.returncode}'
    lines = run.stderr.split(b'\n')
    if run.returncode == 0:
        return run.stderr and 'it says something'
    ours = len(lines) == 2 and not lines[1] and lines[0].startswith(b'holdstill: ')
    return None if ours else 'not one line of ours'


with tempfile.TemporaryDirectory() as top:
    seeds = {kind: [open(f'{corpus}/{kind}/{name}', 'rb').read() for name in sorted(os.listdir(f'{corpus}/{kind}'))]
             for kind in ('trace', 'report')}
    for awk in AWKS:
        os.mkdir(f'{top}/{awk}')
        os.symlink(shutil.which(awk), f'{top}/{awk}/awk')
        os.symlink(shutil.which('addr2line'), f'{top}/{awk}/addr2line')
    ends = {0: 0, 1: 0}
    for number in range(rounds):
        reader, kind = rng.choice((('--summarize', 'trace'), ('--timeline', 'trace'), ('--symbolize', 'report')))
        text = rng.choice(seeds[kind])
        for _ in range(rng.choice((0, 1, 2, 10))):
            text = damage(text)
        with open(top + '/file', 'wb') as damaged:
            damaged.write(text)
        awk = rng.choice(AWKS)
        try:
            run = subprocess.run([launcher, reader, top + '/file'] + ['-o', top + '/out'] * (reader == '--timeline'),
                                 env={'PATH': f'{top}/{awk}', 'LANG': 'C.UTF-8'}, stdin=subprocess.DEVNULL,
                                 capture_output=True, timeout=60)
            fault = wrong(run)
        except subprocess.TimeoutExpired:
            run, fault = None, 'it hangs'
        if fault:
            shutil.copy(top + '/file', os.path.join(os.environ.get('TMPDIR', '/tmp'), 'damaged'))
            sys.exit(f'{fault}: {awk} {reader} {text!r}\n{run and run.stderr[-2000:]}')
        ends[run.returncode] += 1
print(f'{rounds} files by {AWKS}; status and how often: {sorted(ends.items())}')
sys.exit(0 if rounds < 100 or min(ends.values()) else 'nothing was tried')
