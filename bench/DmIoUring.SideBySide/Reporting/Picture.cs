namespace DmIoUring.SideBySide.Reporting;

/// <summary>A picture.</summary>
/// <param name="FileName">Its name in the folder of plots.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Plot">What is drawn.</param>
internal sealed record Picture(string FileName, string Title, ScottPlot.Plot Plot)
{
    private const int Width = 960;
    private const int Height = 420;

    /// <summary>For screens with two points where others have one.</summary>
    private const int Scale = 2;

    /// <summary>Draws it into a folder.</summary>
    /// <exception cref="InvalidOperationException">This machine has no font to write with.</exception>
    public void Draw(string folder)
    {
        if (string.IsNullOrWhiteSpace(ScottPlot.Fonts.Default))
            throw new InvalidOperationException("There is no font on this machine to write on plots with: apt-get install fonts-dejavu-core");
        Plot.ScaleFactor = Scale;
        Plot.SavePng(Path.Combine(folder, FileName), Width * Scale, Height * Scale);
    }
}
