namespace DmIoUring.ScratchDevices;

/// <summary>A new, empty folder, deleted with everything in it on <see cref="Dispose"/>.</summary>
public sealed class ScratchFolder : IDisposable
{
    private ScratchFolder(string path) => Path = path;

    /// <summary>The folder's path.</summary>
    public string Path { get; }

    /// <summary>Makes a folder.</summary>
    /// <param name="parent">Where; <see langword="null"/> for the folder of temporary files.</param>
    /// <returns>The folder.</returns>
    public static ScratchFolder Create(string? parent = null)
    {
        string path = System.IO.Path.Combine(parent ?? System.IO.Path.GetTempPath(), "dmio-" + Guid.NewGuid().ToString("N")[..12]);
        return new ScratchFolder(Directory.CreateDirectory(path).FullName);
    }

    /// <summary>The path of something in the folder; nothing is made there.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The path.</returns>
    public string PathOf(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Deletes the folder and everything in it.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }
}
