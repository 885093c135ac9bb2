namespace DmIoUring.CommandTests.Mirror;

/// <summary>Files that no test changes: a and b are a mirror, d and e are another, c is none, s is small.</summary>
public sealed class TwoMirrors : IAsyncLifetime
{
    private Dictionary<string, byte[]> _contents = [];

    internal MirrorFiles Files { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await Files.CreateAsync();
        foreach (string name in (string[])["d", "e"])
            Files.Make(name, MirrorFiles.LegBytes);
        await Files.ReportAsync(0, "create d e --assume-equal");
        Files.Make("s", 8192);
        _contents = Read();
    }

    /// <summary>No file is there that was not, and none was written to.</summary>
    public void AssertUnchanged()
    {
        Dictionary<string, byte[]> now = Read();
        Assert.Equal(_contents.Keys.Order(StringComparer.Ordinal), now.Keys.Order(StringComparer.Ordinal));
        Assert.All(_contents, one => Assert.True(one.Value.AsSpan().SequenceEqual(now[one.Key]), one.Key));
    }

    public ValueTask DisposeAsync()
    {
        Files.Dispose();
        return ValueTask.CompletedTask;
    }

    private Dictionary<string, byte[]> Read() => Directory.GetFiles(Files.Folder).ToDictionary(static path => path, File.ReadAllBytes, StringComparer.Ordinal);
}
