using System.Text.Json;

namespace DmIoUring.Benchmarks.EngineCost;

/// <summary>
/// What the engine itself costs, on a ring without a kernel: the time of a request less that of a loop that fills the same entries and
/// takes the same completions with no request behind them. Medians of rounds that alternate; one JSON document.
/// </summary>
internal static class CostProgram
{
    public const string Name = "engine-cost";
    public const int DefaultRounds = 41;
    private const int Batch = 32;
    private static readonly int[] RegionCounts = [1, 2, 4, 8, 16, 32, 64];
    private static readonly int[] Depths = [32, 64, 128, 256, 512, 1024, 2048, 4096];
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>Measures and prints.</summary>
    /// <param name="rounds">Fewer for a look whether it works: the figures are no good then.</param>
    public static void Run(int rounds)
    {
        using CostBench bench = new();
        Samples[] regions = [.. RegionCounts.Select(static _ => new Samples())];
        Samples[] depths = [.. Depths.Select(static _ => new Samples())];
        CostMemory[] kinds = Enum.GetValues<CostMemory>();
        Samples[] memory = [.. kinds.Select(static _ => new Samples())];
        Samples[] bare = [.. Depths.Select(static _ => new Samples())];

        // The first rounds are for the compiler, which makes its best code while they run.
        for (int round = -rounds / 4; round < rounds; round++)
        {
            for (int i = 0; i < Depths.Length; i++)
            {
                bare[i].Add(round, bench.BareLoop(Depths[i], Batch));
                depths[i].Add(round, bench.Reads(Depths[i], Batch));
            }

            for (int i = 0; i < kinds.Length; i++)
                memory[i].Add(round, bench.Reads(Depths[0], Batch, kinds[i]));
            for (int i = 0; i < RegionCounts.Length; i++)
                regions[i].Add(round, bench.Writes(RegionCounts[i], Batch));
        }

        Console.WriteLine(JsonSerializer.Serialize(
            new
            {
                NsPerRequest = depths[0].Median,
                BareNs = bare[0].Median,
                CostNs = depths[0].Median - bare[0].Median,
                Batch,
                Rounds = rounds,
                Regions = RegionCounts.Select((count, i) => new { Regions = count, NsPerRegion = regions[i].Median }),
                Memory = kinds.Select((kind, i) => new { Memory = kind.ToString(), NsPerRequest = memory[i].Median }),
                Depths = Depths.Select((depth, i) => new { Depth = depth, NsPerRequest = depths[i].Median, BareNs = bare[i].Median }),
            },
            Format));
    }
}
