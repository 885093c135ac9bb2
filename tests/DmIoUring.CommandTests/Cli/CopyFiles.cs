using DmIoUring.ScratchDevices;

namespace DmIoUring.CommandTests.Cli;

/// <summary>A folder with a source in it, and what a test needs around it.</summary>
internal sealed class CopyFiles : IDisposable
{
    public const int SourceSize = 1 << 20;

    private readonly ScratchFolder _folder = ScratchFolder.Create();

    public CopyFiles()
    {
        new Random(1).NextBytes(Content);
        Source = Make("source", Content);
    }

    public byte[] Content { get; } = new byte[SourceSize];

    public string Source { get; }

    public string Folder => _folder.Path;

    public string PathOf(string name) => _folder.PathOf(name);

    public string Make(string name, byte[] content)
    {
        File.WriteAllBytes(PathOf(name), content);
        return PathOf(name);
    }

    /// <summary>A file full of one byte, to see later whether anything was written to it.</summary>
    public string MakeFilled(string name, int size, byte value = 0xEE)
    {
        byte[] content = new byte[size];
        Array.Fill(content, value);
        return Make(name, content);
    }

    public static void AssertUntouched(string path, byte value = 0xEE) =>
        Assert.Equal(-1, File.ReadAllBytes(path).AsSpan().IndexOfAnyExcept(value));

    public void Dispose() => _folder.Dispose();
}
