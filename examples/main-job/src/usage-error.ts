/** Whoever started the program asked for something that it cannot do: told in one line, exit status 2. */

export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}
