using DmIoUring.SideBySide.Running;

namespace DmIoUring.SideBySide.Reporting;

/// <summary>Draws plots.</summary>
internal static class Gnuplot
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Draws one into a folder.</summary>
    /// <exception cref="ChildException">gnuplot is not there, or does not understand the script.</exception>
    public static async Task DrawAsync(Plot plot, string folder, CancellationToken cancellation)
    {
        string path = Path.Combine(folder, plot.FileName);
        string script = $"""
            set terminal svg size 960,420 font 'sans-serif,13' background '#ffffff'
            set output '{path.Replace("'", "''", StringComparison.Ordinal)}'
            set datafile missing '?'
            set key outside top center horizontal maxrows 1
            set grid ytics back lw 1 lt 1 lc rgb '#dddddd'
            set border 3
            set tics nomirror
            set encoding utf8
            {plot.Script}
            """;
        _ = await Child.RunAsync("gnuplot", ["-"], script, Limit, cancellation);
    }
}
