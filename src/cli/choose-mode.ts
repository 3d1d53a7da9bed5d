// `-r` and `-b`: which profile, and whether the command stays.
import { ConversionError } from '../contract/index.ts';

interface ModeFlags {
  readonly run?: string;
  readonly batch?: string;
  readonly detach?: true;
  readonly forceSquash?: true;
}

interface Mode {
  /** As the step calls it. */
  readonly mode: 'local' | 'run' | 'batch';
  readonly profile: { readonly name: string; readonly flag: string } | undefined;
  /** The command returns once the run is submitted. */
  readonly detach: boolean;
}

/** @throws ConversionError InvalidInput for flags that contradict each other, and for a forgotten name. */
export function chooseMode(flags: ModeFlags): Mode {
  const { run, batch } = flags;
  const problems: string[] = [];
  if (run !== undefined && batch !== undefined) {
    problems.push(`-r ${run} stays attached and -b ${batch} submits and returns: give one of them`);
  }
  if (run !== undefined && flags.detach) {
    problems.push(`-r ${run} stays attached and --detach returns at once: to submit with this profile, use -b ${run}`);
  }
  for (const [flag, name] of [
    ['-r', run],
    ['-b', batch],
  ] as const) {
    if (name?.includes('=') === true || name?.startsWith('-') === true || name === '') {
      problems.push(`${flag} needs the name of a profile before ${name === '' ? 'anything else' : name}: ${flag} NAME`);
    }
  }
  if (problems.length > 0) throw new ConversionError('InvalidInput', problems.join('\n'), { problems });
  const detach = batch !== undefined || flags.detach === true;
  const [name, flag] = batch === undefined ? [run, '-r'] : [batch, '-b'];
  return {
    mode: detach ? 'batch' : run === undefined ? 'local' : 'run',
    profile: name === undefined ? undefined : { name, flag },
    detach,
  };
}

/** The step rebuilds its squashed container image with it. */
export function explainForceSquash({ forceSquash }: ModeFlags): void {
  if (!forceSquash) return;
  process.stderr.write(
    '--force-squash does nothing here: no image is squashed; a profile hands its container image to the scheduler as it is\n',
  );
}
