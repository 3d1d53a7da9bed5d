// Which globals a pickle may name, by what it is. Allowed means kept as an inert record, never imported, never called.

/** Answers for `module.name`. */
export type GlobalPolicy = (name: string) => boolean;

const DTYPES = [
  'bfloat16',
  'float16',
  'float32',
  'float64',
  'float8_e4m3fn',
  'float8_e5m2',
  'float8_e4m3fnuz',
  'float8_e5m2fnuz',
  'float8_e8m0fnu',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
  'complex32',
  'complex64',
  'complex128',
].map((name) => `torch.${name}`);

const STORAGES = [
  'BFloat16',
  'Float',
  'Half',
  'Double',
  'Long',
  'Int',
  'Short',
  'Char',
  'Byte',
  'Bool',
  'ComplexFloat',
  'ComplexDouble',
].map((name) => `torch.${name}Storage`);

const TENSOR_GLOBALS = [
  ...DTYPES,
  ...STORAGES,
  'torch.storage.UntypedStorage',
  'torch.storage.TypedStorage',
  'torch.Size',
  'torch.device',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_tensor_v3',
  'torch._utils._rebuild_parameter',
  'torch.nn.parameter.Parameter',
  'torch.serialization._get_layout',
  'collections.OrderedDict',
];

const DCP_GLOBALS = [
  ...['Metadata', 'TensorStorageMetadata', 'BytesStorageMetadata', 'ChunkStorageMetadata', 'TensorProperties']
    .concat(['_MEM_FORMAT_ENCODING', 'MetadataIndex', 'StorageMeta'])
    .map((name) => `torch.distributed.checkpoint.metadata.${name}`),
  'torch.distributed.checkpoint.filesystem._StorageInfo',
  'torch.distributed.checkpoint.filesystem._StoragePrefix',
  ...['SavePlan', 'WriteItem', 'WriteItemType', 'TensorWriteData', 'BytesIOWriteData'].map(
    (name) => `torch.distributed.checkpoint.planner.${name}`,
  ),
  'torch.distributed._shard.sharded_tensor.metadata.TensorProperties',
  'torch.distributed._shard.sharded_tensor.metadata.MEM_FORMAT_ENCODING',
  'megatron.core.dist_checkpointing.strategies.torch.MCoreMetadata',
  'megatron.core.dist_checkpointing.strategies.torch.MCoreSavePlan',
];

const PYTHON_DATA = [
  ...[
    'set',
    'frozenset',
    'list',
    'dict',
    'tuple',
    'int',
    'float',
    'str',
    'bool',
    'bytes',
    'bytearray',
    'complex',
    'slice',
    'range',
  ].map((name) => `builtins.${name}`),
  'pathlib.PosixPath',
  'pathlib._local.PosixPath',
];

/** Beyond Megatron's own classes, what megatron.core.safe_globals.SAFE_GLOBALS names. */
const COMMON_STATE_GLOBALS = [
  'argparse.Namespace',
  'types.SimpleNamespace',
  'signal.Signals',
  '_io.BytesIO',
  'io.BytesIO',
  '_codecs.encode',
  'collections.defaultdict',
  'collections.deque',
  'datetime.timedelta',
  'torch._C.Generator',
  'torch.Generator',
  'numpy.ndarray',
  'numpy.dtype',
];

const METADATA = new Set([...TENSOR_GLOBALS, ...DCP_GLOBALS, ...PYTHON_DATA]);
const ITEM = new Set(TENSOR_GLOBALS);
const COMMON = new Set([...TENSOR_GLOBALS, ...PYTHON_DATA, ...COMMON_STATE_GLOBALS]);

/** `.metadata`: the classes of torch.distributed.checkpoint, and two that Megatron-Core once put there. */
export const metadataGlobals: GlobalPolicy = (name) => METADATA.has(name);

/** `data.pkl` of a tensor item. */
export const tensorGlobals: GlobalPolicy = (name) => ITEM.has(name);

/** The non-tensor state: Megatron's own classes as opaque records too. */
export const commonStateGlobals: GlobalPolicy = (name) =>
  COMMON.has(name) ||
  name.startsWith('megatron.') ||
  /^numpy\.(_?core\.multiarray\.(_reconstruct|scalar)|dtypes\.\w+)$/.test(name);
