namespace DmIoUring.Cli.Devices;

/// <summary>A path without symbolic links in any of its parts.</summary>
internal static class RealPath
{
    public static string Of(string path)
    {
        string real = "/";
        foreach (string part in Path.GetFullPath(path).Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            string next = Path.Combine(real, part);
            FileSystemInfo? target = Directory.Exists(next) ? Directory.ResolveLinkTarget(next, returnFinalTarget: true) : null;
            real = target is null ? next : Of(target.FullName);
        }

        return real;
    }
}
