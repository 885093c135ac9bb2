namespace DmIoUring.Cli.Bench;

/// <summary>What was thrown away and collected up to a moment, or between two.</summary>
/// <param name="Bytes">What the <see cref="GarbageMaker"/> has allocated.</param>
/// <param name="Gen0">Collections of any generation.</param>
/// <param name="Gen1">Those of generation 1 or 2.</param>
/// <param name="Gen2">Those of generation 2.</param>
/// <param name="Pause">How long they stopped every managed thread.</param>
internal readonly record struct GarbageCounts(long Bytes, int Gen0, int Gen1, int Gen2, TimeSpan Pause)
{
    public static GarbageCounts operator -(GarbageCounts left, GarbageCounts right) => new(
        left.Bytes - right.Bytes, left.Gen0 - right.Gen0, left.Gen1 - right.Gen1, left.Gen2 - right.Gen2, left.Pause - right.Pause);

    public static GarbageCounts Now(GarbageMaker? maker) => new(
        maker?.Bytes ?? 0, GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2), GC.GetTotalPauseDuration());
}
