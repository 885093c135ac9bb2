namespace DmIoUring.Cli.Devices;

/// <summary>Somebody who uses a device or file directly.</summary>
/// <param name="Identity">What is used.</param>
/// <param name="How">In words: <c>mounted on /mnt</c>.</param>
internal sealed record StorageUse(string Identity, string How);
