#!/usr/bin/env python3
"""launcher.py LAUNCHER ROUNDS SEED: random command lines and environments for the launcher, by every shell.

Its command gets its arguments byte by byte and its status is handed on; or it is refused, with 125, 126
or 127 and one line. No shell says anything, and nothing takes long. Only commands of a directory of
its own can be found, so that no command line does harm.
"""
import os, random, re, shutil, subprocess, sys, tempfile

launcher, rounds, random_seed = os.path.abspath(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
rng = random.Random(random_seed)
STATUS = 42
SHELLS = [s for s in (['dash'], ['bash', '--posix'], ['busybox', 'sh']) if shutil.which(s[0])]
INFORM = ('--help', '--version', '--help-options', '--print-lib', '--env', '--explain', '--check',
          '--summarize', '--symbolize', '--timeline')


def places(top):
    """Commands of every kind that can't be harmful, and a directory for what options write."""
    path, work = top + '/path', top + '/work'
    os.mkdir(path), os.mkdir(work)
    for tool in 'awk', 'addr2line':
        os.symlink(shutil.which(tool), f'{path}/{tool}')
    with open(path + '/show', 'w') as script:
        script.write(f'#!/bin/sh\n[ $# -eq 0 ] || printf "%s\\0" "$@"\nexit {STATUS}\n')
    with open(path + '/plain', 'w') as script:
        script.write('no program\n')
    os.mkfifo(path + '/pipe')
    for name, interpreter in ('orphan', 'nowhere/interpreter'), ('piped', path + '/pipe'), ('round', path + '/round'):
        with open(f'{path}/{name}', 'w') as script:
            script.write(f'#!{interpreter}\n')
    for name in 'show', 'orphan', 'piped', 'round':
        os.chmod(f'{path}/{name}', 0o755)
    return path, work


def noise():
    """Bytes without a slash: no file outside is named. No zero, which no argument can have."""
    letters = b' \t\n\'"\\$`*?[]{}()<>|&;#~=:%!,.-_+0123456789azAZ\x01\x1b\x7f\xc3\xa9\xff'
    return bytes(rng.choice(letters) for _ in range(rng.choice((0, 1, 2, 3, 8, 40))))


def option(flags):
    flag, kind, values = rng.choice(flags)
    value = rng.choice([v.encode() for v in values.split('|')] if kind == 'CHOICE' else
                       [b'0', b'7', b'inf', b'00012', b'99999999999999999999', b'no', b'none'])
    return rng.choice((b'--%s=%s' % (flag, value),) * 6 + (b'--%s=%s' % (flag, noise()), b'--' + flag,
                      b'--' + noise(), b'-' + noise(), b'--%s=' % noise()))


def command_line(flags, path):
    words = [option(flags) for _ in range(rng.choice((0, 0, 1, 2, 5)))]
    words += [w.encode() for w in rng.sample(INFORM + ('--only', '--force'), rng.choice((0, 0, 0, 1, 2)))]
    rng.shuffle(words)
    words += [b'--'] * rng.choice((0, 0, 1))
    commands = [b'show'] * 8 + [path.encode() + b'/show'] * 2 + [b'plain', b'orphan', b'piped', b'round', b'pipe',
                b'', b'nothing', path.encode() + b'/nothing', path.encode(), noise()]
    return words + [rng.choice(commands)] + [noise() for _ in range(rng.choice((0, 1, 3, 30)))]


def environment(path):
    chosen = {b'PATH': path.encode()}
    if rng.random() < .3:
        chosen[b'HOLDSTILL_OPTIONS'] = b':'.join(noise() for _ in range(rng.randrange(4)))
    for name in b'IFS', b'ENV', b'HOME', b'hs_action', b'hs_found', b'PS4', b'hs-no', b'CDPATH':
        if rng.random() < .1:
            chosen[name] = noise()
    return chosen


def told_wrong(error, line_for_line):
    """Every line is ours; of a refusal there is one, without what a terminal obeys."""
    lines = error.split(b'\n')
    if lines.pop() or not all(line.startswith(b'holdstill: ') for line in lines):
        return 'somebody else speaks'
    if line_for_line and len(lines) != 1:
        return f'{len(lines)} lines'
    return re.search(rb'[\0-\x09\x0b-\x1f\x7f]', error) and 'control bytes'


def wrong(words, inform, run):
    """What is against this end of it, or None."""
    refused = run.returncode in (125, 126, 127)
    if run.returncode not in (STATUS, 125, 126, 127, *((0, 1) if inform else ())):
        return f'status {run.returncode}'
    if run.returncode == STATUS:
        got = run.stdout.split(b'\0')[:-1]
        if got != words[len(words) - len(got):] or not words[len(words) - len(got) - 1].endswith(b'show'):
            return f'the arguments arrive as {got}'
    return told_wrong(run.stderr, refused and not run.stdout)


with tempfile.TemporaryDirectory() as top:
    path, work = places(top)
    text = subprocess.run([launcher, '--help-options'], capture_output=True, text=True, check=True).stdout
    defaults = re.findall('^--([a-z-]+)=(.*)$', text, re.M)
    flags = [(f.encode(), 'CHOICE' if not v.isdigit() else 'MS', v + '|off|yes|json') for f, v in defaults]
    ends = {}
    for number in range(rounds):
        words, shell = command_line(flags, path), rng.choice(SHELLS)
        inform = any(w.decode('latin1') in INFORM or w.startswith(b'--check=') for w in words)
        kept = environment(path)
        try:
            run = subprocess.run([shutil.which(shell[0]), *shell[1:], launcher, *words], env=kept, cwd=work,
                                 stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
            fault = wrong(words, inform, run)
        except subprocess.TimeoutExpired as late:
            run, fault = late, 'it hangs'
        if fault:
            sys.exit(f'{fault}: {shell} {words}, in {kept}\n{run.stdout}\n{run.stderr}')
        ends[run.returncode] = ends.get(run.returncode, 0) + 1
print(f'{rounds} command lines by {len(SHELLS)} shells; status and how often: {sorted(ends.items())}')
sys.exit(0 if rounds < 200 or ends.get(STATUS, 0) > rounds / 10 < ends.get(125, 0) else 'nothing was tried')
