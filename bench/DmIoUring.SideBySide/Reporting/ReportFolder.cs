using DmIoUring.SideBySide.Results;

namespace DmIoUring.SideBySide.Reporting;

/// <summary>Where a session and everything made from it lies.</summary>
/// <param name="folder">The folder.</param>
/// <param name="notes">Where the hand-written explanations are: a file a target, <c>f.md</c>.</param>
internal sealed class ReportFolder(string folder, string notes)
{
    private string ResultsPath => Path.Combine(folder, "results.json");

    private string ReportPath => Path.Combine(folder, "RESULTS.md");

    public Session Read() => SessionFile.Read(ResultsPath);

    /// <summary>Keeps the session; the report can be made again from it.</summary>
    public void Write(Session session)
    {
        Directory.CreateDirectory(folder);
        SessionFile.Write(ResultsPath, session);
    }

    /// <summary>Makes the report and its plots; the path of the report.</summary>
    public async Task<string> ReportAsync(Session session, CancellationToken cancellation)
    {
        string pictures = Path.Combine(folder, "plots");
        Directory.CreateDirectory(pictures);
        Picture[] plots = [.. new Plots(new ResultSet(session.Measurements)).All];
        Array.ForEach(plots, plot => plot.Draw(pictures));
        await File.WriteAllTextAsync(ReportPath, new Report(session, Explanation).ToMarkdown(plots), cancellation);
        return ReportPath;
    }

    private string? Explanation(string letter)
    {
        string path = Path.Combine(notes, letter + ".md");
        return File.Exists(path) ? File.ReadAllText(path) : null;
    }
}
