"""What loaders and analyses share: paths, SQL, files, builds, exports."""
