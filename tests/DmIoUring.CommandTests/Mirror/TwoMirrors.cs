using System.Globalization;

namespace DmIoUring.CommandTests.Mirror;

/// <summary>Files that no test changes: a and b are a mirror, d and e are another, c is none, s is small.</summary>
public sealed class TwoMirrors : IAsyncLifetime
{
    private string[] _before = [];

    internal MirrorFiles Files { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await Files.CreateAsync();
        foreach (string name in (string[])["d", "e"])
            Files.Make(name, MirrorFiles.LegBytes);
        await Files.ReportAsync(0, "create d e --assume-equal");
        Files.Make("s", 8192);
        _before = Look();
    }

    /// <summary>No file is there that was not, and none was written to.</summary>
    public void AssertUnchanged() => Assert.Equal(_before, Look(), StringComparer.Ordinal);

    public ValueTask DisposeAsync()
    {
        Files.Dispose();
        return ValueTask.CompletedTask;
    }

    private string[] Look() => [.. new DirectoryInfo(Files.Folder).GetFiles()
        .OrderBy(static file => file.Name, StringComparer.Ordinal)
        .Select(static file => string.Create(CultureInfo.InvariantCulture, $"{file.Name}: {file.Length} bytes, written {file.LastWriteTimeUtc:O}"))];
}
