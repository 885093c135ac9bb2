namespace DmIoUring.Simulation;

/// <summary>How often what happened.</summary>
internal sealed class Coverage
{
    private readonly long[] _counts = new long[Enum.GetValues<Covered>().Length];

    public long this[Covered what] => _counts[(int)what];

    public void Add(Covered what, long count = 1) => _counts[(int)what] += count;
}
