namespace DmIoUring.SideBySide.Reporting;

/// <summary>A picture.</summary>
/// <param name="FileName">Its name in the folder of plots.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Script">What gnuplot draws, but for where to.</param>
internal sealed record Plot(string FileName, string Title, string Script);
