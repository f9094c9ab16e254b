"""Interpolated modified Kneser-Ney trigrams of token ids (Chen and Goodman, "An empirical study of smoothing techniques for
language modeling", Computer Speech and Language 1999, section 3), and add-one unigrams: the yardsticks of ngram-baseline.

Needs numpy. Tested by tests/scripts/kneser_ney_test. Never imported by the program itself.
"""
import numpy


class Level:
    """How often a word follows a context, discounted: max(count - D(count), 0) / total + weight * lower order's."""

    def __init__(self, grams, counts, size, discounts=None):
        """`grams`: context * size + word, sorted, each once [G]; `counts` [G]. `discounts` of 1, 2, 3 and more; estimated
        from counts of counts where not given."""
        self.grams, self.size = grams, size
        self.discounts = numpy.array([0.0, *(discounts or estimated_discounts(counts))])
        discount = self.discounts[numpy.minimum(counts, 3)]
        self.contexts, first = numpy.unique(grams // size, return_index=True)
        total = numpy.add.reduceat(counts, first).astype(float)
        self.weight = numpy.add.reduceat(discount, first) / total  # what discounting left for the lower order
        followers = numpy.diff(numpy.append(first, len(grams)))
        self.share = (counts - discount) / numpy.repeat(total, followers)

    def probabilities(self, contexts, words, lower):
        """`contexts`, `words`, `lower` (the lower order's probabilities): [N]."""
        weight = found(self.contexts, contexts, self.weight, 1.0)  # an unseen context leaves all to the lower order
        return found(self.grams, contexts * self.size + words, self.share, 0.0) + weight * lower


def found(keys, wanted, values, otherwise):
    place = numpy.minimum(numpy.searchsorted(keys, wanted), len(keys) - 1)
    return numpy.where(keys[place] == wanted, values[place], otherwise)


def estimated_discounts(counts):
    """D1, D2, D3+ = 1 - 2Y n2/n1, 2 - 3Y n3/n2, 3 - 4Y n4/n3 with Y = n1 / (n1 + 2 n2), n_k: how many grams occur k times."""
    n = [0.0] + [float(numpy.count_nonzero(counts == k)) for k in (1, 2, 3, 4)]
    if min(n[1:]) == 0:
        return [0.5, 0.75, 0.75]  # too little text to estimate from
    y = n[1] / (n[1] + 2 * n[2])
    return [min(max(k - (k + 1) * y * n[k + 1] / n[k], 0.0), float(k)) for k in (1, 2, 3)]


def continuations(grams, size):
    """Different words before each shorter gram: (grams without their first word, counts). `size`: of what is kept."""
    return numpy.unique(grams % size, return_counts=True)


class Trigram:
    def __init__(self, tokens, size, discounts=None):
        """`tokens`: ids below `size`, one text [T]."""
        tokens = tokens.astype(numpy.int64)
        grams = (tokens[:-2] * size + tokens[1:-1]) * size + tokens[2:]
        trigrams, counts = numpy.unique(grams, return_counts=True)
        del grams
        self.size = size
        self.third = Level(trigrams, counts, size, discounts)
        self.second = Level(*continuations(trigrams, size * size), size, discounts)
        bigrams = numpy.unique(tokens[:-1] * size + tokens[1:])
        self.first = Level(*continuations(bigrams, size), size, discounts)  # its one context is the empty one, 0

    def probabilities(self, before, last, words):
        """Of `words` after `before` `last`: ids [N] each."""
        before, last, words = (numpy.asarray(ids, dtype=numpy.int64) for ids in (before, last, words))
        one = self.first.probabilities(numpy.zeros_like(words), words, 1.0 / self.size)
        two = self.second.probabilities(last, words, one)
        return self.third.probabilities(before * self.size + last, words, two)


class Unigram:
    """Laplace's: (count + 1) / (T + size)."""

    def __init__(self, tokens, size):
        self.share = (numpy.bincount(tokens, minlength=size) + 1.0) / (len(tokens) + size)

    def probabilities(self, words):
        return self.share[words]
