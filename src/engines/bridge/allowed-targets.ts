// Which names a stored run_config.yaml may have Megatron-Bridge look up and call. Pure.

/** Modules whose names may be used, if no later part of the name leads out of them. */
const ROOMS = ['megatron.bridge.', 'megatron.core.', 'megatron.training.'];

const EXACT: readonly RegExp[] = [
  /^torch\.(?:float|double|half|bfloat|u?int|complex|float8_e\dm\d(?:fn|fnuz)?|bool|long|short)\d*$/,
  /^torch\.nn\.functional\.[a-z]\w*$/,
  /^torch\.nn\.init\.[a-z]\w*$/,
  // What the two activation functions are called that are not Python functions.
  /^torch\._C\._nn\.(?:gelu|silu)$/,
  /^transformers(?:\.[a-z]\w*)*\.[A-Z]\w*Config(?:\.from_dict)?$/,
  /^signal\.Signals$/,
  /^pathlib\.(?:Posix|Pure|PurePosix)?Path$/,
  /^datetime\.timedelta$/,
];

/**
 * Parts of a name that lead from an allowed module to something that it imported (`megatron.core.utils.subprocess.Popen`): modules of
 * Python with something to call, packages that are installed beside Megatron, and functions of Megatron that import or load what they are told.
 */
const LEADS_OUT = new Set(
  (
    'abc ast asyncio atexit builtins bz2 cProfile cgi cmd code codecs codeop collections concurrent configparser contextlib copy copyreg ' +
    'ctypes curses dbm dill distutils ensurepip faulthandler fcntl fileinput ftplib functools gc getpass glob gzip http imaplib imp importlib ' +
    'inspect io itertools json linecache logging lzma mailbox marshal mmap modulefinder multiprocessing netrc nntplib operator optparse os ' +
    'pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath profile pstats pty pydoc resource runpy sched ' +
    'select selectors shelve shlex shutil signal site smtpd smtplib socket socketserver sqlite3 ssl subprocess sys sysconfig tarfile ' +
    'telnetlib tempfile threading timeit tokenize trace traceback tty turtle typing unittest urllib uuid venv warnings weakref webbrowser ' +
    'wsgiref xml xmlrpc zipapp zipfile zipimport zlib ' +
    'cloudpickle fsspec huggingface_hub hydra joblib modelopt nemo_run numpy nvidia_resiliency_ext omegaconf pip requests safetensors ' +
    'setuptools torch transformer_engine transformers triton wandb yaml ' +
    'auto_bridge safe_config_loader import_utils instantiate_utils safe_import safe_import_from load_library eval exec open compile system ' +
    'getattr setattr delattr globals locals vars input breakpoint Popen check_call check_output'
  ).split(' '),
);

/**
 * What reads more than it is given: another file with names in it that nobody has judged (`ConfigContainer.from_yaml`, `from_hf_pretrained`), or
 * a pickle (`load_common_state_dict`). No configuration names such a function.
 */
const READS = /^(?:from_|load|read_|restore|import_|exec|run_|launch|download|save|dump|write_|build_tokenizer)/;

/** Why the name may not be used, or null where it may. `extra` are the operator's own modules. */
export function refuseTarget(name: string, extra: readonly string[]): string | null {
  if (EXACT.some((pattern) => pattern.test(name))) return null;
  const own = extra.some((module) => name === module || name.startsWith(module.endsWith('.') ? module : `${module}.`));
  const room = ROOMS.find((prefix) => name.startsWith(prefix));
  if (!own && room === undefined) return 'it lies outside Megatron';
  const parts = name.split('.');
  // Python calls what is inside a function `<locals>`: such a name is never found.
  const odd = parts.find((part) => !/^(?:[A-Za-z]\w*|_[a-z]\w*|<locals>|<lambda>)$/.test(part));
  if (odd !== undefined) return `${JSON.stringify(odd)} is no part of a name that may be used`;
  const way = own ? undefined : parts.slice(2).find((part) => LEADS_OUT.has(part));
  if (way !== undefined) return `${way} leads out of Megatron`;
  const last = own ? '' : (parts.at(-1) ?? '');
  return READS.test(last) ? `${last} reads or writes files` : null;
}
