namespace DmIoUring.Cli.Demo;

/// <summary>The same writes in several ways, in turns.</summary>
/// <param name="BlockBytes">What a write takes to each device.</param>
/// <param name="Depth">Writes under way.</param>
/// <param name="Rounds">How often each way had its turn.</param>
/// <param name="RoundSeconds">How long a turn was measured.</param>
/// <param name="Methods">What each came to.</param>
internal sealed record ComparisonReport(int BlockBytes, int Depth, int Rounds, double RoundSeconds, IReadOnlyList<MethodReport> Methods);
