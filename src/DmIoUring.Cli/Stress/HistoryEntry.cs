using System.Runtime.InteropServices;

namespace DmIoUring.Cli.Stress;

/// <summary>What an operation did to a block; small, as there are ten for each.</summary>
/// <param name="Generation">The operation's name; 0 where there is none yet.</param>
/// <param name="StartMilliseconds">When it was submitted, counted from the run's start.</param>
/// <param name="EndMilliseconds">When it had ended.</param>
/// <param name="Sector">The region's first sector.</param>
/// <param name="Count">Sectors.</param>
/// <param name="Kind">What it was.</param>
/// <param name="Errno">How it ended on this leg; 0 is well.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct HistoryEntry(
    long Generation, int StartMilliseconds, int EndMilliseconds, int Sector, int Count, OperationKind Kind, short Errno);
