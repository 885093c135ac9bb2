namespace DmIoUring.Rings;

internal static class RingProbe
{
    public static IoCapabilities Run() => throw new NotSupportedException();
}
