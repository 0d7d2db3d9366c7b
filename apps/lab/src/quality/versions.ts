/** What was measured: versions of what scores and rules. */
import { textModel } from '@countersign/detector-injection';
import { callScore, provenanceVersion } from '@countersign/detector-provenance';
import { compilePolicy, defaultPolicy, fusion } from '@countersign/policy';

export function versionsInUse(): readonly string[] {
  return [
    `provenance ${provenanceVersion}, call score ${callScore.version}`, `fused score ${fusion.payload.version} (digest ${fusion.digest.slice(0, 16)})`,
    `text model ${textModel.version}`, `policy ${compilePolicy(defaultPolicy).version}`,
  ];
}
