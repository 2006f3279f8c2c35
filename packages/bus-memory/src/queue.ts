import { partitionOf } from '@emporium/bus';
import { partitionCount } from '@emporium/bus/transport';
import { createLane, type Entry, type Lane } from './lane.ts';

/** Where a queue hands its messages to. */
export interface Receiver {
  /** How many more it takes now. */
  room(): number;
  begin(entry: Entry, lane: Lane): void;
}

/** The messages of one subscription, shared by its receivers. */
export interface Queue {
  readonly name: string;
  readonly ordered: boolean;
  /** The types it is bound to. */
  readonly types: Set<string>;
  add(entry: Entry): void;
  join(receiver: Receiver): void;
  leave(receiver: Receiver): void;
  /** Hands out what can be handed out, soon. */
  pump(): void;
  size(): number;
}

export const createQueue = (name: string, ordered: boolean): Queue => {
  const receivers: Receiver[] = [];
  let pumping = false;

  const pump = (): void => {
    if (pumping) return;
    pumping = true;
    // Never within the call that brought the message: a publisher gets its result first, and I/O its turn.
    setImmediate(() => {
      pumping = false;
      if (ordered) handOutPartitions();
      else handOut();
    });
  };

  const lanes = Array.from({ length: ordered ? partitionCount : 1 }, () =>
    createLane({ serial: ordered, onReady: pump }),
  );

  /** In turn, so that receivers share evenly. */
  const handOut = (): void => {
    const [lane] = lanes;
    for (let index = receivers.findIndex(hasRoom); index >= 0; index = receivers.findIndex(hasRoom)) {
      const entry = lane?.take();
      const [receiver] = entry === undefined ? [] : receivers.splice(index, 1);
      if (lane === undefined || entry === undefined || receiver === undefined) return;
      receivers.push(receiver);
      receiver.begin(entry, lane);
    }
  };

  /** Each partition has one receiver while the receivers stay the same. */
  const handOutPartitions = (): void => {
    for (const [partition, lane] of lanes.entries()) {
      const receiver = receivers[partition % receivers.length];
      if (receiver === undefined || !hasRoom(receiver)) continue;
      const entry = lane.take();
      if (entry !== undefined) receiver.begin(entry, lane);
    }
  };

  return {
    name,
    ordered,
    types: new Set(),
    add: (entry) => lanes[ordered ? partitionOf(entry.key) : 0]?.add(entry),
    join: (receiver) => {
      receivers.push(receiver);
      pump();
    },
    leave: (receiver) => {
      const index = receivers.indexOf(receiver);
      if (index >= 0) receivers.splice(index, 1);
      pump();
    },
    pump,
    size: () => lanes.reduce((sum, lane) => sum + lane.size(), 0),
  };
};

const hasRoom = (receiver: Receiver): boolean => receiver.room() > 0;
