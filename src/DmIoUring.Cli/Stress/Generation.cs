using System.Globalization;

namespace DmIoUring.Cli.Stress;

/// <summary>The name of an operation: the thread that drew it and its number there. The seed leads from the name to all of the operation.</summary>
internal static class Generation
{
    private const int NumberBits = 40;

    /// <summary>The writes before the threads start.</summary>
    public const int Preparation = 0;

    public static long Of(int thread, long number) => ((long)thread << NumberBits) | number;

    public static string Name(long generation) => string.Create(
        CultureInfo.InvariantCulture, $"{generation >> NumberBits}:{generation & ((1L << NumberBits) - 1)}");
}
