/** The policy that ships: what `countersign up` writes when there is none, and what is in force until then. */
export const defaultPolicyText = `# Countersign's default policy. Useful as it stands; every line may be changed.
# A wrong file is refused with line and reason, and the policy before it stays in force.
# Conditions are CEL. Durations are milliseconds. Globs know only "*".

# Names this text. The product appends the first 12 digits of its digest, so two different texts never share a version.
version: default-2

# enforce: verdicts take effect. observe: everything passes, and the record shows what the verdict would have been.
mode: enforce

# Who waits, for whom, how long, and what happens when no verdict came (gate away, detectors late).
tiers:
  low: { requires: [], deadlineMs: 0, onUnavailable: allow }
  # medium waits for attestation too: it costs a table look-up, and a changed agent is stopped at its first call that does anything.
  medium: { requires: [behaviour, provenance, injection, attestation], deadlineMs: 1000, onUnavailable: deny }
  high: { requires: [behaviour, provenance, injection, attestation, probe], deadlineMs: 1500, onUnavailable: deny }
  critical:
    requires: [behaviour, provenance, injection, attestation, probe]
    deadlineMs: 2000
    onUnavailable: deny
    # Every call of this tier goes to people, who have this long. Silence is a no.
    ask: { groups: [operators], quorum: 1, deadlineMs: 900000 }

# The first rule that holds decides; none holding means high. A rule that cannot be evaluated fails closed:
# the call gets that rule's tier if it is the higher one. Guard optional arguments with has(args.name).
#   impact      read | write | egress | irreversible: guessed from name, description and schema, the worst reading wins
#   known       was this tool's definition seen?     openWorld  may strangers have written what it returns?
#   server, tool, agent.name, agent.role, args, annotations (a server's hints: never a reason to lower a tier)
# A rule with a method is about other requests: what the agent reads, and what a server asks of it (method, server, agent, args), for example
#   - { name: no sampling, method: sampling/createMessage, when: "true", deny: Servers do not use our model. }
rules:
  - name: money moves
    when: >-
      impact != "read" && tool.lowerAscii().matches("(^|[^a-z])(pay|wire|refund|payout|withdraw|transfer_(money|funds)|send_(money|payment|funds)|schedule_(payment|transaction)|make_(payment|transfer))([^a-z]|$)")
    tier: critical
  - name: deletes many
    when: >-
      impact == "irreversible" && tool.lowerAscii().matches("(delete|remove|drop|purge|erase|destroy|wipe|truncate)[^a-z]*(all|many|bulk|batch|multiple|table|tables|database|databases|schema|bucket|repository|repo|account|accounts|customers|users)([^a-z]|$)|(^|[^a-z])(drop|purge|truncate|wipe)([^a-z]|$)")
    tier: critical
  - name: passwords and permissions change
    when: >-
      impact != "read" && tool.lowerAscii().matches("(^|[^a-z])(password|passwords|passwd|credential|credentials|secret|secrets|permission|permissions|privilege|privileges|role|roles|sudo|acl)([^a-z]|$)")
    tier: critical
  - name: never seen tool
    when: "!known"
    tier: high
  - name: leaves the house
    when: impact == "egress"
    tier: high
  - name: cannot be undone
    when: impact == "irreversible"
    tier: high
  - name: writes
    when: impact == "write"
    tier: medium
  - name: reads
    when: impact == "read"
    tier: low

# An administrator's word on a tool beats every guess, for example
#   - { server: files, tool: write_file, impact: write }
#   - { server: crm, tool: "search_*", openWorld: true }
tools: []

# Arguments the policy drops, sets or clamps before anybody judges the call (a key of its own, edits), for example
#   edits: [{ name: small refunds, server: shop, tool: refund, argument: amount, max: 100 }]

# Labels on what a tool returns, for example: financial data that only one role may read, wherever it is copied to
#   - { name: financials, server: customers, tool: "*", path: "$.*.revenue", readers: ["role:finance"] }
sources: []

# What an agent may call at all ("server/tool"), and who answers for it (an owner cannot approve its calls), for example
#   - { name: mailer, mayCall: ["mail/*", "files/read_*"], owner: ana }
agents: []

# Recipients, hosts and accounts an operator vouches for: "*@example.com", "api.example.com"
knownEntities: []

# Whom a step-up goes to when the call's tier names nobody.
ask: { groups: [operators], quorum: 1, deadlineMs: 300000 }

# Results: which wait for their findings before the agent sees them, and what becomes of a poisoned one.
results:
  # What strangers may have written waits; so does the result of a tool whose definition was never seen.
  waitWhen: openWorld || !known
  requires: [injection]
  deadlineMs: 1000
  # Nothing came in time: show it (it still taints what follows) or withhold it.
  onUnavailable: allow
  # quarantine: the agent gets an error with an id an operator can release · redact: only the span is replaced · show
  poisoned: quarantine

# Deterministic findings: each can decide alone. A gate not listed here denies.
# score: it counts in the fused score below instead (step_up here asks about each: more questions, and nothing left to weights).
gates:
  flow-to-sink: deny
  capability: deny
  pin-changed: step_up
  hidden-text: deny
  attestation-changed: deny
  attestation-invalid: deny
  attestation-conflict: deny
  ambiguous-json: deny
  tainted-target: score
  habits-changed: step_up
  unscanned-source: step_up

# Statistical findings (conformal p-values): below stepUp a person is asked, below hold with a stronger reason;
# below taintHold too, when the call carries values from untrusted text. They act only after sessionsMin benign sessions.
scores:
  write: { stepUp: 0.01, hold: 0.001, taintHold: 0.05 }
  egress: { stepUp: 0.01, hold: 0.001, taintHold: 0.1 }
  irreversible: { stepUp: 0.01, hold: 0.001, taintHold: 0.1 }
  sessionsMin: 20
  # One score for a call: provenance's margin, a target from prose alone, surprise, and whether the text behind the call gives instructions,
  # by weights from a signed artefact. It asks people above the threshold (0 is what was measured; 1 asks less) and, once the agent is
  # calibrated, at a p-value of at most pMax. uncalibrated: what it does before that. Without this block each finding asks by its own p-value.
  fused: { threshold: 0, pMax: 1, uncalibrated: step_up }

# Evidence that is not there. By default it is shown, not punished.
absent: { attestation: show, activation: show, task: show }

# The first attested state of an agent is accepted and pinned; later changes need a person's registration.
attestation: { firstUse: accept, keys: {} }

# A session's calls are at least of this tier until one of them was allowed: a changed agent is met at its first call,
# whatever that call is. When no verdict comes, the call's own tier says what happens.
sessions: { firstCallTier: medium }

# The first definition of a tool is accepted and pinned; later changes are held.
pins: { firstUse: accept }

holds:
  # The longest silence a client sees while people decide; then it gets an answer.
  holdMs: 50000
  # An agent with this many open approvals gets no further one.
  pendingPerAgentMax: 3

# full: arguments and results are in the record. digest-only: just their digests.
payload: full
`;
