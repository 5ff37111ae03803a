/** Thrown to leave the code of a process that has ended; not meant to be caught. */
export class Doomed extends Error {
  constructor() {
    super('this process has ended: nothing it does has an effect any more')
    this.name = 'Doomed'
  }
}
