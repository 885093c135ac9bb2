namespace DmIoUring.Tests.Support;

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public TemporaryDirectory(string? parent = null) =>
        FullPath = parent is null
            ? Directory.CreateTempSubdirectory("dmiouring-").FullName
            : Directory.CreateDirectory(Path.Combine(parent, "dmiouring-" + Path.GetRandomFileName())).FullName;

    public string FullPath { get; }

    public string File(string name) => Path.Combine(FullPath, name);

    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}
