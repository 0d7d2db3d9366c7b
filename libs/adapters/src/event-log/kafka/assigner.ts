/**
 * Who gets which partitions: partition p of every topic goes to one member, the same for all of them.
 * AS1. Partitions are dealt in turn to the members in the order of their ids; a member gets of its partitions the topics it asked for.
 * AS2. A member that still holds partitions does not join: whoever gets them next must find them closed. It asks again at once.
 */
import kafkajs, { AssignerProtocol, type GroupMember, type GroupMemberAssignment, type PartitionAssigner } from 'kafkajs';

const { KafkaJSError } = kafkajs;
const name = 'countersign-lanes';
const version = 0;

/** @param mayJoin asked before each attempt to join. */
export function laneAssigner(mayJoin: () => boolean): PartitionAssigner {
  return ({ cluster }) => ({
    name,
    version,
    assign: ({ members, topics }) => Promise.resolve(dealt(members, Math.max(0, ...topics.map((topic) => cluster.findTopicPartitionMetadata(topic).length)))),
    protocol: ({ topics }) => {
      if (!mayJoin()) throw new JoinAgain('the partitions in hand are not closed yet');
      return { name, metadata: AssignerProtocol.MemberMetadata.encode({ version, topics, userData: Buffer.alloc(0) }) };
    },
  });
}

/** @param partitions of each topic; those shared together have equally many. */
export function dealt(members: readonly GroupMember[], partitions: number): GroupMemberAssignment[] {
  const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  return sorted.map(({ memberId, memberMetadata }, turn) => {
    const own = Array.from({ length: partitions }, (_, partition) => partition).filter((partition) => partition % sorted.length === turn);
    const topics = AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [];
    return { memberId, memberAssignment: AssignerProtocol.MemberAssignment.encode({ version, assignment: Object.fromEntries(topics.map((topic) => [topic, own])), userData: Buffer.alloc(0) }) };
  });
}

/** The client takes this type of error for a group that is moving, and joins (again). */
export class JoinAgain extends KafkaJSError {
  readonly type = 'REBALANCE_IN_PROGRESS';
  constructor(why: string) {
    super(why, { retriable: true });
  }
}
