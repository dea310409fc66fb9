/** Identifier that was issued, and the one issued before it. */
interface Issued {
  readonly label: string;
  readonly index: number;
  readonly previous: Issued | undefined;
}

/** State that an issuer and its clones share: the identifiers of one of them, by label. */
interface SharedIndex {
  readonly byLabel: Map<string, Issued>;
  /** Last identifier of the issuer that `byLabel` belongs to. */
  last: Issued | undefined;
}

/**
 * Issuer of temporary identifiers (RDFC-1.0, section 4.5) that is cloned in constant time. The algorithm clones an issuer
 * at every step, and rdf-canonize's own copies all identifiers each time, which made a list of 400 equal members take
 * 18 s.
 *
 * Clones share one index of identifiers. It belongs to the clone that issued last; another clone changes only what
 * differs before it issues (Baker's method for persistent arrays).
 */
export class BranchingIssuer {
  readonly #shared: SharedIndex;
  #last: Issued | undefined;

  private constructor(shared: SharedIndex, last: Issued | undefined) {
    this.#shared = shared;
    this.#last = last;
  }

  /** Makes an issuer that has issued an identifier for each of the labels, in order. */
  static withLabels(labels: readonly string[]): BranchingIssuer {
    const issuer = new BranchingIssuer({ byLabel: new Map(), last: undefined }, undefined);
    for (const label of labels) issuer.getId(label);
    return issuer;
  }

  clone(): BranchingIssuer {
    return new BranchingIssuer(this.#shared, this.#last);
  }

  hasId(label: string): boolean {
    return this.#find(label) !== undefined;
  }

  /** Returns the identifier of a label; issues the next one if there is none. */
  getId(label: string): string {
    const found = this.#find(label) ?? this.#issue(label);
    return `b${found.index}`;
  }

  /** Returns the labels in the order of their identifiers. */
  getOldIds(): string[] {
    const labels: string[] = [];
    for (let issued = this.#last; issued !== undefined; issued = issued.previous) labels.push(issued.label);
    return labels.toReversed();
  }

  #find(label: string): Issued | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    const { byLabel } = this.#shared;
    // The index may belong to a clone that went on from here: then it holds this issuer's identifiers and later ones.
    if (byLabel.get(last.label) !== last) this.#takeIndex();
    const found = byLabel.get(label);
    return found !== undefined && found.index <= last.index ? found : undefined;
  }

  #issue(label: string): Issued {
    this.#takeIndex();
    const issued = { label, index: (this.#last?.index ?? -1) + 1, previous: this.#last };
    this.#shared.byLabel.set(label, issued);
    this.#shared.last = issued;
    this.#last = issued;
    return issued;
  }

  /** Makes the index hold exactly the identifiers of this issuer. */
  #takeIndex(): void {
    const shared = this.#shared;
    const missing: Issued[] = [];
    let own = this.#last;
    let other = shared.last;
    while (own !== other) {
      if (other !== undefined && other.index >= (own?.index ?? -1)) {
        shared.byLabel.delete(other.label);
        other = other.previous;
      } else if (own !== undefined) {
        missing.push(own);
        own = own.previous;
      }
    }
    for (const issued of missing) shared.byLabel.set(issued.label, issued);
    shared.last = this.#last;
  }
}
