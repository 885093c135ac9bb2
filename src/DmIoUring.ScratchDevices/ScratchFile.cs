namespace DmIoUring.ScratchDevices;

/// <summary>A plain file of a given size, sparse at first, deleted on <see cref="Dispose"/>.</summary>
public sealed class ScratchFile : IDisposable
{
    private ScratchFile(string path) => Path = path;

    /// <summary>The file's path.</summary>
    public string Path { get; }

    /// <summary>Makes a file of zeroes.</summary>
    /// <param name="size">Bytes.</param>
    /// <param name="folder">Where; <see langword="null"/> for the folder of temporary files.</param>
    /// <returns>The file.</returns>
    public static ScratchFile Create(long size, string? folder = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        string path = System.IO.Path.Combine(folder ?? System.IO.Path.GetTempPath(), "dmio-" + Guid.NewGuid().ToString("N")[..12]);
        using (FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
            stream.SetLength(size);
        return new ScratchFile(path);
    }

    /// <summary>Deletes the file; who has it open keeps it until they close it.</summary>
    public void Dispose() => File.Delete(Path);
}
